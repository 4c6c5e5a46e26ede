import Foundation
import Gossip
import HTTPTypes
import Hummingbird

/// `/groups`: which cameras record together. The whole list at once; every node has the same.
struct GroupRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        group.get("groups") { [node] _, _ in try Self.answer(node.groups) }
        group.put("groups") { request, context in try await node.signing(request, context) { try await set(request, context, by: $0.key) } }
    }

    private func set(_ request: Request, _ context: APIContext, by key: AdminKey) async throws -> Response {
        let body = try await request.wholeBody(upTo: 1 << 18)
        let wanted = try JSONCoding.decoder.decode([GroupResource].self, from: Data(buffer: body))
        let expected = request.headers[values: .ifMatch].joined(separator: ",")
        do {
            let groups = try GroupResource.groups(wanted, known: node.knownCameras)
            let isSet = try await node.gossip.setGroups(groups, by: key) { [node] in
                expected.isEmpty || EntityTag.matches(expected, GroupResource.entityTag(of: node.groups))
            }
            guard isSet else { throw Self.changedMeanwhile }
        } catch let problem as GroupProblem {
            throw ProblemDetails.badRequest("The groups make no sense: \(problem.why).", cure: "GET /api/mesh/v1/groups shows how they are now.")
        } catch let error as TrustError {
            throw ProblemDetails.badRequest("The groups cannot be set: \(error).")
        }
        node.audit.record(.groupsChanged, context, detail: node.groups.map(\.name).joined(separator: ", "))
        return try Self.answer(node.groups)
    }

    private static func answer(_ groups: [CameraGroup]) throws -> Response {
        var response = try Response.json(groups.map { GroupResource($0) })
        response.headers[.eTag] = GroupResource.entityTag(of: groups)
        return response
    }

    private static let changedMeanwhile = ProblemDetails(
        title: "The groups have changed", status: 412, detail: "They are no longer those that If-Match names; nothing was set.",
        cure: "GET /api/mesh/v1/groups, make your change again, and send it with the new ETag in If-Match.")
}

extension NodeServices {
    /// The mesh's groups; while nobody has configured any, those in which the cameras say they are.
    var groups: [CameraGroup] {
        let view = gossip.view
        if let groups = view.groups { return groups }
        var cameras: [String: Set<String>] = [:]
        for member in view.members {
            for camera in member.cameras { for group in camera.groups { cameras[group, default: []].insert(camera.id) } }
        }
        let known = cameras.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        let groups = cameras.sorted { $0.key < $1.key }.map { name, members in
            CameraGroup(name: name, cameras: known.isSubset(of: members) ? [CameraGroup.everyCamera] : members)
        }
        return groups.isEmpty ? CameraGroup.standard : groups
    }

    /// Ids of all cameras of the mesh, whether they are there or not. A node has one, which has the node's id.
    var knownCameras: Set<String> { Set(gossip.view.members.flatMap { $0.cameras.map(\.id) } + gossip.view.members.map { "\($0.id)" }) }
}

extension Member {
    /// Its cameras, as its last signed record describes them.
    var cameras: [CamerasRecord.Camera] {
        records[.cameras].flatMap { try? CamerasRecord(serializedBytes: $0.bytes) }?.cameras ?? []
    }
}
