import Gossip

/// How long a packet is under way: mesh.md's Wi-Fi with a median of 4 ms and a 99th percentile of 26 ms, log-normal in between.
///
/// A table of quantiles with straight lines between them, in whole numbers: a library's logarithm may differ in its last bit from
/// machine to machine, and a seed is to give the same run everywhere.
package struct DelayDistribution: Sendable, Hashable {
    private static let quantiles: [(perMillion: Int64, microseconds: Int64)] = [
        (0, 300), (10_000, 615), (50_000, 1_064), (100_000, 1_426), (200_000, 2_032), (300_000, 2_623), (400_000, 3_262), (500_000, 4_000),
        (600_000, 4_905), (700_000, 6_100), (800_000, 7_874), (900_000, 11_220), (950_000, 15_040), (990_000, 26_000), (999_000, 48_100),
        (1_000_000, 120_000),
    ]

    /// Everything takes so many times as long.
    package var factor = 1

    package init(factor: Int = 1) { self.factor = factor }

    func draw(_ rng: inout Randomness) -> Duration {
        let place = Int64(rng.next() % 1_000_000)
        let upper = Self.quantiles.firstIndex { place < $0.perMillion } ?? Self.quantiles.count - 1
        let (a, b) = (Self.quantiles[upper - 1], Self.quantiles[upper])
        let microseconds = a.microseconds + (b.microseconds - a.microseconds) * (place - a.perMillion) / (b.perMillion - a.perMillion)
        return .microseconds(microseconds * Int64(factor))
    }
}
