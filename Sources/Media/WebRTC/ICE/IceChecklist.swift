/// The pairs of one session in the order in which they are tried (RFC 8445 §6.1.2). One component, one list.
struct IceChecklist: Sendable {
    /// Pairs that are kept; of more, those of the lowest priority go (RFC 8445 §6.1.2.5).
    let limit: Int
    /// Highest priority first.
    private(set) var pairs: [CandidatePair] = []
    /// Checks that answer the other side's; they go first (§6.1.4.1).
    private var triggered: [IcePath] = []

    init(limit: Int) {
        self.limit = limit
    }

    subscript(index: Int) -> CandidatePair {
        get { pairs[index] }
        set { pairs[index] = newValue }
    }

    func index(of path: IcePath) -> Int? { pairs.firstIndex { $0.path == path } }

    func index(ofCheck id: StunTransactionID) -> Int? { pairs.firstIndex { $0.check?.id == id } }

    /// Adds a pair unless there is one of the same path.
    mutating func insert(_ pair: CandidatePair) {
        guard index(of: pair.path) == nil else { return }
        pairs.insert(pair, at: pairs.firstIndex { $0.priority < pair.priority } ?? pairs.endIndex)
        guard pairs.count > limit else { return }
        // What already carried something is kept.
        if let last = pairs.lastIndex(where: { $0.state != .succeeded }) { pairs.remove(at: last) } else { pairs.removeLast() }
    }

    /// Nothing goes to that address any more.
    mutating func remove(remote: TransportAddress) {
        pairs.removeAll { $0.remote.address == remote }
        triggered.removeAll { $0.remote == remote }
    }

    /// The role changed: so did the order.
    mutating func rank(as role: IceRole) {
        for index in pairs.indices { pairs[index].rank(as: role) }
        pairs.sort { $0.priority > $1.priority }
    }

    mutating func trigger(_ path: IcePath) {
        if !triggered.contains(path) { triggered.append(path) }
    }

    /// Whether a check waits that answers the other side's.
    var hasTriggered: Bool { !triggered.isEmpty }

    /// Whether any check waits for its turn.
    var hasWork: Bool { !triggered.isEmpty || pairs.contains { $0.state == .waiting || $0.state == .frozen } }

    /// Checks that wait or are under way.
    var openCount: Int { pairs.count { $0.state == .waiting || $0.state == .frozen || $0.state == .inProgress } }

    /// The pair whose turn it is (§6.1.4.2): triggered ones, then the best that waits, then the best of a foundation of which none is tried.
    /// - Parameter triggeredOnly: Of an agent that behaves like a lite one.
    mutating func next(triggeredOnly: Bool) -> Int? {
        while !triggered.isEmpty {
            if let index = index(of: triggered.removeFirst()) { return index }
        }
        if triggeredOnly { return nil }
        if let index = pairs.firstIndex(where: { $0.state == .waiting }) { return index }
        let busy = Set(pairs.filter { $0.state == .inProgress }.map(\.foundation))
        return pairs.firstIndex { $0.state == .frozen && !busy.contains($0.foundation) }
    }

    /// What works for one pair of a foundation may work for the others (§7.2.5.3.3).
    mutating func unfreeze(_ foundation: String) {
        for index in pairs.indices where pairs[index].state == .frozen && pairs[index].foundation == foundation {
            pairs[index].state = .waiting
        }
    }

    /// The best pair that works.
    var bestValid: Int? { pairs.firstIndex { $0.state == .succeeded } }
}
