import Gossip

/// Something that one node says, and that all should know soon.
struct Change: Sendable {
    enum What: Sendable {
        case record(RecordKind, of: NodeID)
        case setting(String)
    }

    let what: What
    let bytes: [UInt8]

    func make(at node: Int, in mesh: inout SimulatedMesh) {
        switch what {
        case .record(let kind, _): mesh.act(node) { $0.publish(kind, bytes, now: $1) }
        case .setting(let key): mesh.setConfig(node, key, bytes)
        }
    }

    /// Whether all of them have it, whatever else is still under way to them.
    func isKnown(to members: [Int], in mesh: SimulatedMesh) -> Bool {
        members.allSatisfy { node in
            let instance = mesh.nodes[node].instance
            return switch what {
            case .record(let kind, let author): instance.recordBody(of: author, kind) == bytes
            case .setting(let key): instance.config.values[key] == bytes
            }
        }
    }
}
