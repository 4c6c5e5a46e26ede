extension RunReport {
    /// What somebody needs to find the cause: the seed, what was planned, what broke, how it came, and how to see it again.
    package func failureText(commit: String?, options: String = "") -> String {
        let shown = violations.prefix(5).map { "  \($0)" } + (violations.count > 5 ? ["  … and \(violations.count - 5) more"] : [])
        return """
            FAILED: seed \(seed), \(nodes) nodes, commit \(commit ?? "unknown"), trace \(String(traceHash, radix: 16))
            \(shown.joined(separator: "\n"))
            \(schedule)
            last events:
            \(lastEvents.map { "  \($0)" }.joined(separator: "\n"))
            again: provisioning/simulate --seeds 1 --nodes \(nodes) --seed \(seed)\(options)
            """
    }
}
