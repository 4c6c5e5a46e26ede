/// Which of a node's sessions a datagram is for: all of them share one UDP port.
///
/// A check names its session by the fragment that the session's description gave (RFC 8445 §7.2.2); an answer belongs to whoever asked, by
/// the number of the question. Everything else belongs to the session that an authentic check from the same place was for: only a session
/// knows which checks are authentic (`WebRTCSession.accepts`), so that it is asked before `learn`.
struct DatagramRouter<ID: Hashable & Sendable>: Sendable {
    /// Remembered for one session; of more, the oldest go.
    static var fragmentLimit: Int { 2 }
    static var pathLimit: Int { 16 }
    static var questionLimit: Int { 128 }

    private struct Known: Sendable {
        var fragments: [String] = []
        var paths: [IcePath] = []
        var questions: [StunTransactionID] = []
    }

    private var known: [ID: Known] = [:]
    private var fragments: [String: ID] = [:]
    private var paths: [IcePath: ID] = [:]
    private var questions: [StunTransactionID: ID] = [:]

    init() {}

    /// A session begins, or ICE begins anew in it; the fragment before stays good.
    mutating func add(_ id: ID, fragment: String) {
        fragments[fragment] = id
        known[id, default: Known()].fragments.append(fragment)
        if let count = known[id]?.fragments.count, count > Self.fragmentLimit, let oldest = known[id]?.fragments.removeFirst(), fragments[oldest] == id {
            fragments[oldest] = nil
        }
    }

    mutating func remove(_ id: ID) {
        guard let gone = known.removeValue(forKey: id) else { return }
        for fragment in gone.fragments where fragments[fragment] == id { fragments[fragment] = nil }
        for path in gone.paths where paths[path] == id { paths[path] = nil }
        for question in gone.questions where questions[question] == id { questions[question] = nil }
    }

    /// Datagrams on this way are the session's from now on. Costs little where that is known.
    ///
    /// - Parameter isProven: whether somebody answered there; an address that may be forged takes no way from another session.
    mutating func learn(_ path: IcePath, for id: ID, isProven: Bool) {
        guard paths[path] != id, known[id] != nil, isProven || paths[path] == nil else { return }
        paths[path] = id
        known[id]?.paths.append(path)
        if let count = known[id]?.paths.count, count > Self.pathLimit, let oldest = known[id]?.paths.removeFirst(), paths[oldest] == id {
            paths[oldest] = nil
        }
    }

    /// A session sends this; if it is a question, the answer will be known. Costs little for all other datagrams.
    mutating func sends(_ datagram: ArraySlice<UInt8>, from id: ID) {
        guard known[id] != nil, let question = Self.transaction(of: datagram, isResponse: false) else { return }
        // A repeated question is the same question.
        guard questions[question] != id else { return }
        questions[question] = id
        known[id]?.questions.append(question)
        if let count = known[id]?.questions.count, count > Self.questionLimit, let oldest = known[id]?.questions.removeFirst(),
            questions[oldest] == id {
            questions[oldest] = nil
        }
    }

    /// The session that a datagram is for; nil for a stranger's.
    func session(for datagram: ArraySlice<UInt8>, path: IcePath) -> ID? {
        guard DatagramKind(datagram) == .stun else { return paths[path] }
        if let question = Self.transaction(of: datagram, isResponse: true) { return questions[question] }
        guard let fragment = (try? StunMessage(datagram))?.addressedFragment else { return nil }
        return fragments[fragment]
    }

    /// The number of a request or of a response, without reading the rest.
    private static func transaction(of datagram: ArraySlice<UInt8>, isResponse: Bool) -> StunTransactionID? {
        guard DatagramKind(datagram) == .stun, StunMessage.isPlausible(datagram) else { return nil }
        var reader = ByteReader(datagram)
        // The upper of the two class bits is set in responses (RFC 8489 §5, figure 3).
        guard let type = reader.readUInt16(), (type & 0x100 != 0) == isResponse, reader.readUInt16() != nil, reader.readUInt32() != nil,
            let first = reader.readUInt32(), let second = reader.readUInt64()
        else { return nil }
        return StunTransactionID(first: first, second: second)
    }
}
