import Gossip
import Synchronization

/// How many gossip exchanges of each member are under way at this node, and how many begin.
///
/// A member asks for one comparison at a time, pushes what the other lacks after it, and may probe by TLS meanwhile: three at most.
/// Bodies are large (4 MiB) and are judged one after the other, so that more at once would be a hostile member's way to keep this
/// node from its probes.
final class ExchangeGate: Sendable {
    /// At once. By default one more than an honest member ever needs for gossip.
    let perMember: Int

    /// A member begins no more of them in a second. Honest ones compare every few seconds, more often only when everything starts at once.
    let perSecond: Int

    init(perMember: Int = 4, perSecond: Int = 10) { (self.perMember, self.perSecond) = (perMember, perSecond) }

    private struct Standing {
        var underWay = 0
        /// When this second began, and how many began in it.
        var second: ContinuousClock.Instant
        var begun = 0
    }

    private let standings = Mutex<[NodeID: Standing]>([:])

    /// Runs `work`, counted as the member's, from before the body is read until the answer stands.
    ///
    /// - Throws: ``ProblemDetails`` with status 429 when ``perMember`` of that member are under way, or ``perSecond`` began in this second.
    func admit<Answer>(_ member: NodeID, now: ContinuousClock.Instant = .now, _ work: () async throws -> Answer) async throws -> Answer {
        let isAdmitted = standings.withLock { standings in
            var standing = standings[member] ?? Standing(second: now)
            defer { standings[member] = standing }
            if now - standing.second >= .seconds(1) { (standing.second, standing.begun) = (now, 0) }
            guard standing.underWay < perMember, standing.begun < perSecond else { return false }
            standing.underWay += 1
            standing.begun += 1
            return true
        }
        guard isAdmitted else {
            throw ProblemDetails(
                title: "Too many exchanges", status: 429,
                detail: "\(perMember) exchanges of this member are under way, or it began \(perSecond) within a second.")
        }
        defer { standings.withLock { $0[member]?.underWay -= 1 } }
        return try await work()
    }

    /// Members with an exchange under way.
    var busyMembers: Int { standings.withLock { $0.values.count { $0.underWay > 0 } } }
}
