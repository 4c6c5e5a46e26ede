import Gossip
import Synchronization

/// How many gossip exchanges of each member are under way at this node.
///
/// A member asks for one comparison at a time, pushes what the other lacks after it, and may probe by TLS meanwhile: three at most.
/// Bodies are large (4 MiB) and are judged one after the other, so that more at once would be a hostile member's way to keep this
/// node from its probes.
final class ExchangeGate: Sendable {
    /// One more than an honest member ever needs.
    static let perMember = 4

    private let underWay = Mutex<[NodeID: Int]>([:])

    /// Runs `work`, counted as the member's, from before the body is read until the answer stands.
    ///
    /// - Throws: ``ProblemDetails`` with status 429 when ``perMember`` of that member are under way.
    func admit<Answer>(_ member: NodeID, _ work: () async throws -> Answer) async throws -> Answer {
        let isAdmitted = underWay.withLock { underWay in
            guard underWay[member, default: 0] < Self.perMember else { return false }
            underWay[member, default: 0] += 1
            return true
        }
        guard isAdmitted else {
            throw ProblemDetails(title: "Too many exchanges", status: 429, detail: "\(Self.perMember) exchanges of this member are under way.")
        }
        defer {
            underWay.withLock { underWay in
                underWay[member, default: 1] -= 1
                if underWay[member] == 0 { underWay[member] = nil }
            }
        }
        return try await work()
    }

    /// Members with an exchange under way.
    var busyMembers: Int { underWay.withLock { $0.count } }
}
