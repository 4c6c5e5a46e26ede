/// What `bench catalogue` found.
struct CatalogueFigures: Codable, Sendable, Equatable {
    /// Milliseconds.
    struct Times: Codable, Sendable, Equatable {
        let p50: Double
        let p99: Double
    }

    let clips: Int
    /// From the store's start until it lists them all, from their sidecars alone.
    let rebuildSeconds: Double
    /// What knowing them takes.
    let residentMB: Double
    /// The newest hundred; those of a day; of a rare kind before some day; of an incident; and the first 64 KiB of some clip.
    let listMs, dayMs, kindMs, incidentMs, firstByteMs: Times
}
