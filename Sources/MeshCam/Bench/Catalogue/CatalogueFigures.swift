/// What `bench catalogue` found.
struct CatalogueFigures: Codable, Sendable, Equatable {
    /// Milliseconds.
    struct Times: Codable, Sendable, Equatable {
        let p50: Double
        let p99: Double

        /// - Parameter times: at least one, in milliseconds.
        init(_ times: [Double]) {
            let sorted = times.sorted()
            func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
            p50 = rounded(sorted[sorted.count / 2])
            p99 = rounded(sorted[sorted.count * 99 / 100])
        }
    }

    let clips: Int
    /// From the store's start until it lists them all, from their sidecars alone.
    let rebuildSeconds: Double
    /// What knowing them takes.
    let residentMB: Double
    /// The newest hundred; those of a day; of a rare kind before some day; of an incident; and the first 64 KiB of some clip.
    let listMs, dayMs, kindMs, incidentMs, firstByteMs: Times
}
