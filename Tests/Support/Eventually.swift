/// What a test waited for in vain.
public struct NeverCame: Error, CustomStringConvertible {
    public let description: String
}

/// Waits until `condition` holds, looking again and again; what never comes fails the test where it waited, instead of holding up the run for ever.
///
/// It rests between two looks: who only yields may keep the pool's few threads from all others.
///
/// - Parameter patience: long enough for all suites at once on few cores.
public func eventually(
    within patience: Duration = .seconds(120), file: StaticString = #fileID, line: UInt = #line, isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + patience
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverCame(description: "\(file):\(line) waited for \(patience) in vain") }
        try await ContinuousClock().sleep(for: .milliseconds(2))
    }
}
