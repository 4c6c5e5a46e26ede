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
        var keys = try keys()
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
        if !roster.isAdmin(keys.admin.publicKey) {
            // The demo's user has another password since, which ended this key.
            keys.admin = AdminKey()
            try directory.setSecret("admin.key", keys.admin.secretBytes.hexText)
            roster.merge([keys.root.certify(keys.admin.publicKey, name: Self.user, serial: roster.nextSerial)])
        }
        var identities: [NodeIdentity] = []
        for node in plan.nodes {
            let identity = try NodeIdentity.loadOrCreate(in: directory.state(node.name), board: .current())
            identities.append(identity)
            if roster.admission(of: identity.id) == nil {
                roster.merge([keys.root.admit(identity.public, name: node.name, serial: roster.nextSerial)])
            }
        }
        let lists = stores.compactMap { $0.values[SharedConfigKey.users] }
        let unchanged = password == kept ? lists.first(where: Self.isComplete) : nil
        let users = try unchanged ?? Self.users(password, keys.admin, keys.root, beside: lists.first)
        for index in stores.indices { stores[index].roster.merge(roster.records) }
        let authority = try Self.authority(stores, identities, keys.admin, keys.root)
        for index in stores.indices {
            // One node's list may be older than another's: they settle that among themselves.
            if unchanged == nil || stores[index].values[SharedConfigKey.users].map(Self.isComplete) != true {
                try stores[index].setConfig(SharedConfigKey.users, users, by: keys.admin)
            }
            if stores[index].values[SharedConfigKey.browserCA] != authority {
                try stores[index].setConfig(SharedConfigKey.browserCA, authority, by: keys.admin)
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

    /// Not so for users of an earlier version, whose admin had no keys, and where somebody removed the demo's own user.
    private static func isComplete(_ users: [UInt8]) -> Bool {
        guard let own = UserList(users)[name: user] else { return false }
        return !own.sealedRootKey.isEmpty
    }

    /// The shared configuration's list: the demo's own user, in place of what it was, and whoever else was added.
    private static func users(_ password: String, _ admin: AdminKey, _ root: RootKey, beside known: [UInt8]? = nil) throws -> [UInt8] {
        var config = try known.map { try UsersConfig(serializedBytes: $0) } ?? UsersConfig()
        var own = try UsersConfig.User(admin: user, password: password, adminKey: admin, root: root)
        if known != nil { own.beginGeneration() }
        config.users = [own] + config.users.filter { $0.name != user }
        return try config.serializedBytes()
    }

    /// The shared configuration's certificates for browsers: those that one of the nodes knows, completed.
    private static func authority(_ stores: [TrustStore], _ identities: [NodeIdentity], _ admin: AdminKey, _ root: RootKey) throws -> [UInt8] {
        guard var store = stores.first(where: { $0.values[SharedConfigKey.browserCA] != nil }) ?? stores.first else { return [] }
        try store.certifyForBrowsers(identities, root: root, admin: admin)
        return store.values[SharedConfigKey.browserCA] ?? []
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
