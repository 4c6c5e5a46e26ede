import Gossip
import Storage

extension FootageKeys {
    /// This node's signature, and everybody's of the mesh; what a node signed before it came to the mesh is its own, too.
    ///
    /// - Parameter roster: a node that was revoked since signed what it signed.
    init(of identity: NodeIdentity, mesh: MeshID, roster: @escaping @Sendable () -> Roster) {
        self.init { statement, bytes in
            identity.sign(bytes, domain: statement.domain, mesh: mesh)
        } verify: { statement, node, bytes, signature in
            guard let node = NodeID(hex: node) else { return false }
            let meshes = [mesh, node.aloneMesh]
            if node == identity.id { return meshes.contains { identity.verifies(signature, of: bytes, domain: statement.domain, mesh: $0) } }
            guard let admission = roster().admissionEver(of: node) else { return false }
            return meshes.contains { admission.verifies(signature, of: bytes, domain: statement.domain, mesh: $0) }
        }
    }
}

extension FootageKeys.Statement {
    var domain: SignatureDomain {
        switch self {
        case .facts: .manifest
        case .head: .head
        case .witness: .witness
        case .discovery: .discovery
        }
    }
}
