import Synchronization

/// One storage target: where it is, and the processes that speak to it. One writes and one reads, so that whoever plays a clip never waits for
/// what is being written, nor the other way round; a third one is there for as long as the target is tried with another node.
package final class Target: Sendable {
    package let location: TargetLocation
    /// For the thread of its ``TargetWriter``, and now and then for its ``TargetLister``.
    let writing: TargetProcess
    /// For whoever reads; there is no process while nobody does.
    let reading: TargetProcess

    /// For the rare ``CreateRace``.
    let racing: TargetProcess

    private let renewed = Mutex(false)

    /// What it takes to be let in has changed.
    func renew() {
        writing.renew()
        reading.renew()
        racing.renew()
        renewed.withLock { $0 = true }
    }

    /// Whether that happened since the last time that somebody asked.
    func isRenewed() -> Bool {
        renewed.withLock { renewed in
            defer { renewed = false }
            return renewed
        }
    }

    /// How long a process stays that nobody reads through.
    static let readerIdle = Duration.seconds(60)

    init(_ location: TargetLocation, patience: Duration, credentials: @escaping @Sendable () -> TargetCredentials?) {
        self.location = location
        writing = TargetProcess(location, patience: patience, credentials: credentials)
        reading = TargetProcess(location, patience: patience, credentials: credentials)
        racing = TargetProcess(location, patience: patience, credentials: credentials)
    }
}

/// The storage targets of a node, by number: they come and go with the mesh's configuration, and a number is never used for two.
public final class TargetSet: Sendable {
    private struct State {
        var targets: [Int: Target] = [:]
        /// Nil where nobody knows them.
        var credentials: [TargetLocation: TargetCredentials?] = [:]
        var next = 0
    }

    private let patience: Duration
    private let state = Mutex(State())
    private let feed = ChangeFeed<Void>(capacity: 1)

    public convenience init(_ locations: [TargetLocation] = []) { self.init(locations, patience: TargetProcess.patience) }

    init(_ locations: [TargetLocation], patience: Duration) {
        self.patience = patience
        set(locations.map { ($0, TargetCredentials.none) })
    }

    /// These are the targets from now on. What stays keeps its number. Without credentials it is not even tried.
    public func set(_ wanted: [(location: TargetLocation, credentials: TargetCredentials?)]) {
        let (isChanged, renewed) = state.withLock { state in
            let before = state.credentials
            state.credentials = Dictionary(wanted.map { ($0.location, $0.credentials) }) { first, _ in first }
            let renewed = state.targets.values.filter { state.credentials[$0.location] != nil && state.credentials[$0.location] != before[$0.location] }
            let count = state.targets.count
            state.targets = state.targets.filter { state.credentials[$0.value.location] != nil }
            var isChanged = state.targets.count < count
            var known = Set(state.targets.values.map(\.location))
            for (location, _) in wanted where known.insert(location).inserted {
                state.targets[state.next] = Target(location, patience: patience) { [weak self] in self?.credentials(of: location) }
                state.next += 1
                isChanged = true
            }
            return (isChanged, renewed)
        }
        for target in renewed { target.renew() }
        if isChanged || !renewed.isEmpty { feed.publish(()) }
    }

    /// Locations, in the order in which they came.
    public var locations: [TargetLocation] { present.map(\.target.location) }

    package subscript(number: Int) -> Target? { state.withLock { $0.targets[number] } }

    /// In the order in which they came.
    package var present: [(number: Int, target: Target)] {
        state.withLock { $0.targets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// What a person calls the target of that number.
    public func name(_ number: Int) -> String { self[number]?.location.name ?? "?" }

    /// The processes that write, as far as they run, for measurements.
    package var writers: [Int32] { present.compactMap { $0.target.writing.pid } }

    func changes() -> AsyncStream<Void> { feed.subscribe() }

    private func credentials(of location: TargetLocation) -> TargetCredentials? { state.withLock { $0.credentials[location] ?? nil } }
}
