import Gossip
import Hummingbird
import Logging
import Storage

/// Who can answer for a resource.
enum Owner: Sendable {
    /// This node.
    case here
    /// A peer that is there.
    case peer(Member)
    /// A member that does not answer now.
    case gone(Member)
}

extension NodeServices {
    func owner(ofNode id: String) -> Owner? {
        if id == self.id { return .here }
        guard let member = gossip.view.members.first(where: { "\($0.id)" == id }) else { return nil }
        return member.isReachable ? .peer(member) : .gone(member)
    }

    /// A node has one camera, and the camera has the node's id.
    func owner(ofCamera id: String) -> Owner? { owner(ofNode: id) }

    /// Ids of nodes that were revoked. What they recorded as members stays.
    var formerNodes: Set<String> { Set(gossip.view.roster.revokedNodes.map { "\($0)" }) }

    func owner(ofClip id: ClipID) -> Owner? { owner(ofNode: id.node) }

    /// Decides, for every resource alike, who answers: this node, the owner through the proxy, or a replica when the owner is gone.
    ///
    /// - Parameter replica: what this node can say in the owner's stead; `nil` where nobody can.
    func answer(
        _ request: Request, _ context: APIContext, owner: Owner, here: () async throws -> Response,
        replica: ((Member) async throws -> Response)? = nil
    ) async throws -> Response {
        switch owner {
        case .here:
            return try await here()
        case .peer(let member) where !context.isLocal:
            do {
                return try await peers.forward(request, to: member, proof: context.proof)
            } catch let error where error is CancellationError || error is ProblemDetails || error is any HTTPResponseError {
                // Not the peer's fault: the caller went, or sent too much or too slowly.
                throw error
            } catch {
                if let replica { return try await replica(member) }
                throw ProblemDetails.unavailable("\(member.name) does not answer now.", cure: "Check its power and network.")
            }
        case .gone(let member):
            if !context.isLocal, let replica { return try await replica(member) }
            throw ProblemDetails.unavailable("\(member.name) does not answer now.", cure: "Check its power and network.")
        case .peer(let member):
            // A peer asks only for what is ours; it is mistaken about who owns this.
            throw ProblemDetails.notFound("resource of this node, ask", member.name)
        }
    }

    /// Asks every peer that is there for its own part of a list, all at once, and says who is missing and why (mesh.md §6).
    func gather<Part: Decodable & Sendable>(_ path: String, as type: Part.Type = Part.self) async -> (parts: [(Member, Part)], missing: [(Member, String)]) {
        let others = gossip.view.members.filter { !$0.isSelf }
        var missing = others.filter { !$0.isReachable }.map { ($0, "it does not answer") }
        var parts: [(Member, Part)] = []
        await withTaskGroup(of: (Member, Result<Part, any Error>).self) { group in
            for member in others where member.isReachable {
                group.addTask { [peers] in
                    do {
                        return (member, .success(try await peers.get(path, from: member)))
                    } catch {
                        return (member, .failure(error))
                    }
                }
            }
            for await (member, result) in group {
                switch result {
                case .success(let part): parts.append((member, part))
                case .failure(let error): missing.append((member, PeerError.words(for: error)))
                }
            }
        }
        return (parts.sorted { $0.0.id < $1.0.id }, missing.sorted { $0.0.id < $1.0.id })
    }
}

extension Member {
    /// Worth asking: alive, or suspected and not yet given up.
    var isReachable: Bool { status == .alive || status == .suspect }
}
