import Crypto
package import Gossip
import Synchronization

/// The identities of a simulated mesh, its root and its admin: the same in every process, because ids order many things.
package struct MeshKeys: Sendable {
    package let genesis: Genesis
    package let root: RootKey
    package let admin: AdminKey
    package let identities: [NodeIdentity]
    /// Somebody with keys whom the root has not admitted.
    package let stranger: NodeIdentity
    /// Everybody is admitted but the stranger.
    package let roster: Roster

    private static let made = Mutex<[Int: MeshKeys]>([:])

    package init(genesis: Genesis, root: RootKey, admin: AdminKey, identities: [NodeIdentity], roster: Roster) {
        stranger = Self.identity("stranger")
        self.genesis = genesis
        self.root = root
        self.admin = admin
        self.identities = identities
        self.roster = roster
    }

    /// Keys for that many nodes. Making them is slow, so they are made once.
    package static func of(_ count: Int) -> MeshKeys {
        if let keys = made.withLock({ $0[count] }) { return keys }
        let keys = MeshKeys(count)
        made.withLock { $0[count] = keys }
        return keys
    }

    private init(_ count: Int) {
        let root: RootKey
        (genesis, root, _) = Founding.found(name: "simulation", seed: Self.seed("mesh"))
        guard let admin = AdminKey(secret: Self.seed("admin")) else { preconditionFailure("a seed has 32 bytes") }
        identities = (0..<count).map { Self.identity("\($0)") }
        stranger = Self.identity("stranger")
        var roster = Roster(genesis: genesis)
        roster.merge(identities.enumerated().map { root.admit($1.public, name: "node\($0)", serial: 1) })
        roster.merge([root.certify(admin.publicKey, name: "admin", serial: 1)])
        self.root = root
        self.admin = admin
        self.roster = roster
    }

    /// Of a simulated node: beyond the members' there is the stranger's.
    func identity(_ number: Int) -> NodeIdentity { identities.indices.contains(number) ? identities[number] : stranger }

    private static func seed(_ name: String) -> [UInt8] { blake2b(Array("meshcam simulation \(name)".utf8), length: 32) }

    private static func identity(_ name: String) -> NodeIdentity {
        guard let tls = try? P256.Signing.PrivateKey(rawRepresentation: seed("tls \(name)")),
            let identity = NodeIdentity(
                signSeed: seed("sign \(name)"), dhSecret: seed("dh \(name)"), tlsKey: tls, board: BoardSerial("simulation"))
        else { preconditionFailure("no identity from a seed") }
        return identity
    }
}
