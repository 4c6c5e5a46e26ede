/// Measurements, and what share of them stays below what.
package struct Percentiles: Sendable {
    /// Ascending.
    package let values: [Double]

    package init(_ values: some Sequence<Double>) { self.values = values.sorted() }

    package var count: Int { values.count }
    package var maximum: Double? { values.last }

    /// The nearest rank: the least value that so many percent do not exceed. `nil` without values.
    package func at(_ percent: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let rank = Int((percent / 100 * Double(values.count)).rounded(.up))
        return values[max(0, min(values.count, rank) - 1)]
    }

    /// "1.2 / 3.4 / 5.6" for 50 %, 99 % and all.
    package var summary: String {
        guard let half = at(50), let most = at(99), let all = maximum else { return "-" }
        return [half, most, all].map { "\(($0 * 100).rounded() / 100)" }.joined(separator: " / ")
    }
}
