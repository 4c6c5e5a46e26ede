import Foundation
import Gossip

/// Founds the demo's mesh once, and hands each node its root-signed admission on disk, as a provisioned card would.
struct DemoMesh {
    private let directory: DemoDirectory

    static let user = "admin"
    static let shortestPassword = 8

    init(_ directory: DemoDirectory) {
        self.directory = directory
    }

    /// Brings every node's state directory up to date. Answers the password of the user `admin`.
    func provision(_ plan: DemoPlan, password wanted: String?) throws -> String {
        if let wanted, wanted.count < Self.shortestPassword {
            throw NodeError("the password is too short", cure: "Use \(Self.shortestPassword) characters or more.")
        }
        let keys = try keys()
        let kept = directory.secret("password")
        let password = wanted ?? kept ?? Self.generatedPassword()

        // Every node starts from what any of them knows, so that nothing said since the last start is lost.
        var stores = try plan.nodes.map { node in
            try TrustStore.load(from: directory.state(node.name)) ?? TrustStore(directory: directory.state(node.name), genesis: keys.genesis)
        }
        guard stores.allSatisfy({ $0.meshID == keys.genesis.meshID }) else {
            throw NodeError("the nodes in \(directory.root) belong to another mesh", cure: "Name another directory with --dir, or remove this one.")
        }
        var roster = Roster(genesis: keys.genesis)
        for store in stores { roster.merge(store.roster.records) }
        // Somebody replaced the root here (a theft, a recovery): the mesh goes on as they left it, and nobody here can add to it.
        guard roster.currentRootPublicKey == keys.root.publicKey else { return try goOn(plan, stores, roster, password: password) }
        roster.merge([keys.root.certify(keys.admin.publicKey, name: Self.user, serial: 1)])
        for node in plan.nodes {
            let identity = try NodeIdentity.loadOrCreate(in: directory.state(node.name), board: .current())
            if roster.admission(of: identity.id) == nil {
                roster.merge([keys.root.admit(identity.public, name: node.name, serial: roster.nextSerial)])
            }
        }
        let known = stores.lazy.compactMap { $0.values[SharedConfigKey.users] }.first
        let users = try (password == kept ? known.flatMap(Self.complete) : nil) ?? Self.users(password, keys.admin, keys.root)
        for index in stores.indices {
            stores[index].roster.merge(roster.records)
            if stores[index].values[SharedConfigKey.users] != users {
                try stores[index].setConfig(SharedConfigKey.users, users, by: keys.admin)
            }
            try stores[index].save()
        }
        return try finish(plan, password: password)
    }

    /// Every node has what any of them knows.
    private func goOn(_ plan: DemoPlan, _ stores: [TrustStore], _ roster: Roster, password: String) throws -> String {
        for var store in stores {
            store.roster.merge(roster.records)
            try store.save()
        }
        return try finish(plan, password: password)
    }

    private func finish(_ plan: DemoPlan, password: String) throws -> String {
        try directory.setSecret("password", password)
        for node in plan.nodes {
            let file = "\(directory.node(node.name))/meshcam.toml"
            let text = node.settings(nas: directory.nas, state: directory.state(node.name))
            guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
                throw NodeError("cannot write \(file)", cure: "Name another directory with --dir.")
            }
        }
        return password
    }

    /// `nil` for users of an earlier version, whose admin had no keys.
    private static func complete(_ users: [UInt8]) -> [UInt8]? {
        guard let config = try? UsersConfig(serializedBytes: users), config.users.first(where: { $0.name == user })?.sealedRootKey.isEmpty == false
        else { return nil }
        return users
    }

    /// The shared configuration's list of one user.
    private static func users(_ password: String, _ admin: AdminKey, _ root: RootKey) throws -> [UInt8] {
        var config = UsersConfig()
        config.users = [try UsersConfig.User(admin: user, password: password, adminKey: admin, root: root)]
        return try config.serializedBytes()
    }

    private func keys() throws -> (genesis: Genesis, root: RootKey, admin: AdminKey) {
        let rootFile = "\(directory.mesh)/root.key"
        if let text = directory.secret("genesis") {
            guard let genesis = [UInt8](hex: text).flatMap({ Genesis(bytes: $0) }),
                let admin = directory.secret("admin.key").flatMap({ [UInt8](hex: $0) }).flatMap({ AdminKey(secret: $0) })
            else {
                throw NodeError("the keys in \(directory.mesh) are damaged", cure: "Name another directory with --dir, or remove this one.")
            }
            return (genesis, try RootKey.load(from: rootFile), admin)
        }
        let (genesis, root, _) = Founding.found(name: "demo")
        let admin = AdminKey()
        try root.write(to: rootFile)
        try directory.setSecret("admin.key", admin.secretBytes.hexText)
        // Last: with it the mesh exists.
        try directory.setSecret("genesis", genesis.bytes.hexText)
        return (genesis, root, admin)
    }

    /// Four groups of four from letters and digits that cannot be mistaken for each other: 79 bits.
    private static func generatedPassword() -> String {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyz23456789")
        var rng = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String((0..<4).map { _ in alphabet.randomElement(using: &rng)! }) }.joined(separator: "-")
    }
}
