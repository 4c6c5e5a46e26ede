/// Which of two statements about a moment counts, when neither is signed.
enum RecordAge {
    /// Relays that are honest differ by what a packet waited and by how wrong their clocks run (mesh.md §7: up to 10 % each way): that is no
    /// correction. A liar can make few of them, because each takes a quarter of the age away.
    ///
    /// - Returns: whether `moment` is later than `told` by a second and by a quarter of the age.
    static func corrects(_ moment: ContinuousClock.Instant, told: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool {
        moment - told >= .seconds(1) && now - moment < (now - told) * 0.75
    }
}
