import Gossip
import Hummingbird

/// `/nodes`: the members of the mesh and how they are.
struct NodeRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        group.get("nodes") { _, context in try Response.json(await list(context)) }
    }

    private func list(_ context: APIContext) async -> [NodeResource] {
        let own = node.ownNode
        if context.isLocal { return [own] }
        let (parts, missing) = await node.gather("/api/mesh/v1/nodes", as: [NodeResource].self)
        let present = parts.compactMap { member, nodes -> NodeResource? in
            guard var resource = nodes.first(where: { $0.id == "\(member.id)" }) else { return nil }
            resource.isSelf = false
            resource.status = NodeStatus(rawValue: "\(member.status)")
            resource.lastSeen = member.lastHeard.map(node.clock.date(of:))
            return resource
        }
        return ([own] + present + missing.map { node.node($0.0, missing: $0.1) }).compactMap(context.rights.cut).sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }
}
