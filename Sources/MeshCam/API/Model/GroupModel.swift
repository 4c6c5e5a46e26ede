import Crypto
import Foundation
import Gossip

/// Cameras that record together, as `GET` and `PUT /groups` list them.
struct GroupResource: Codable, Hashable, Sendable {
    /// Unique in the mesh; 1 to 64 bytes.
    var name: String
    /// Ids of its cameras; `*` alone: every camera, also one that comes later.
    var cameras: [String]
    /// Cameras whose motion the others hear of. Empty or absent: all.
    var triggers: [String]?
    /// Cameras that record what another one noticed. Empty or absent: all. What a camera notices itself, it always records.
    var recorders: [String]?
    /// Nothing starts another incident for so long after the last one ended, except a person who asks. Absent: 0.
    var coolDownSeconds: Int?

    init(_ group: CameraGroup) {
        name = group.name
        cameras = group.cameras.sorted()
        triggers = group.policy.triggers.sorted()
        recorders = group.policy.recorders.sorted()
        coolDownSeconds = Int(group.policy.coolDown.components.seconds)
    }

    /// Names these groups as they are, with all that is shown of them: the same at every node that shows the same.
    static func entityTag(of groups: [CameraGroup]) -> String {
        let content = try? JSONCoding.encoder.encode(groups.map { GroupResource($0) }.sorted { $0.name < $1.name })
        return "\"\(Array(SHA256.hash(data: content ?? Data()).prefix(16)).hexText)\""
    }

    /// What is wished for, if it makes sense.
    ///
    /// - Parameter known: ids of the mesh's cameras.
    /// - Throws: what is wrong with it, in words.
    func group(known: Set<String>) throws(GroupProblem) -> CameraGroup {
        guard !name.isEmpty, name.utf8.count <= CameraGroup.nameLimit else {
            throw GroupProblem("a group's name has 1 to \(CameraGroup.nameLimit) bytes, not '\(name.prefix(40))'")
        }
        let policy = GroupPolicy(triggers: Set(triggers ?? []), recorders: Set(recorders ?? []), coolDown: .seconds(coolDownSeconds ?? 0))
        let all = cameras.contains(CameraGroup.everyCamera)
        let members = all ? [CameraGroup.everyCamera] : Set(cameras)
        let limit = Int(GroupPolicy.longestCoolDown.components.seconds)
        guard (0...limit).contains(coolDownSeconds ?? 0) else { throw GroupProblem("coolDownSeconds of '\(name)' must be 0 to \(limit)") }
        if !all, let stranger = members.subtracting(known).min() {
            throw GroupProblem("'\(name)' names \(stranger.prefix(40)), and no camera of this mesh has that id")
        }
        let listed = policy.triggers.union(policy.recorders)
        if let stranger = listed.subtracting(all ? known : members).min() {
            throw GroupProblem("'\(name)' lists \(stranger.prefix(40)) as trigger or recorder, which is not one of its cameras")
        }
        return CameraGroup(name: name, cameras: members, policy: policy)
    }

    /// A whole list of groups.
    static func groups(_ wanted: [GroupResource], known: Set<String>) throws(GroupProblem) -> [CameraGroup] {
        guard wanted.count <= CameraGroup.countLimit else { throw GroupProblem("there are more than \(CameraGroup.countLimit) groups") }
        var groups: [CameraGroup] = []
        for resource in wanted {
            let group = try resource.group(known: known)
            if groups.contains(where: { $0.name == group.name }) { throw GroupProblem("two groups are called '\(group.name)'") }
            groups.append(group)
        }
        return groups
    }
}

/// Why a list of groups makes no sense.
struct GroupProblem: Error {
    let why: String
    init(_ why: String) { self.why = why }
}
