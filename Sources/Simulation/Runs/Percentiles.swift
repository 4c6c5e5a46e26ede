/// Measurements, and what share of them stays below what.
package struct Percentiles: Sendable {
    private let sorted: [Double]

    package init(_ values: some Sequence<Double>) { sorted = values.sorted() }

    package var count: Int { sorted.count }
    package var maximum: Double? { sorted.last }

    /// The nearest rank: the least value that so many percent do not exceed. `nil` without values.
    package func at(_ percent: Double) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
        return sorted[max(0, min(sorted.count, rank) - 1)]
    }

    /// "1.2 / 3.4 / 5.6" for 50 %, 99 % and all.
    package var summary: String {
        guard let half = at(50), let most = at(99), let all = maximum else { return "-" }
        return [half, most, all].map { "\(($0 * 100).rounded() / 100)" }.joined(separator: " / ")
    }
}
