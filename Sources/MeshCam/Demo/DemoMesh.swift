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
        var roster = Roster(genesis: keys.genesis)
        var config = SharedConfig()
        for node in plan.nodes {
            guard let trust = try TrustStore.load(from: directory.state(node.name)) else { continue }
            roster.merge(trust.roster.records)
            config.merge(trust.config, roster: roster)
        }
        roster.merge([keys.root.certify(admin: keys.admin.publicKey, name: Self.user, serial: 1)])
        for (index, node) in plan.nodes.enumerated() {
            let identity = try NodeIdentity.loadOrCreate(in: directory.state(node.name), board: .current())
            if roster.admission(of: identity.id) == nil {
                roster.merge([keys.root.admit(identity.publicIdentity, name: node.name, serial: UInt64(roster.records.count + index + 1))])
            }
        }
        if password != kept || config[SharedConfigKey.users] == nil {
            var user = UsersConfig.User()
            user.name = Self.user
            user.role = Caller.Role.admin.rawValue
            user.passwordHash = try PasswordHash.make(password)
            var users = UsersConfig()
            users.users = [user]
            config.set(SharedConfigKey.users, try users.serializedBytes(), by: keys.admin, mesh: keys.genesis.meshID)
            try directory.setSecret("password", password)
        }
        for node in plan.nodes {
            try TrustStore(genesis: keys.genesis, roster: roster, config: config).save(to: directory.state(node.name))
            let file = "\(directory.node(node.name))/meshcam.toml"
            let text = node.settings(nas: directory.nas, state: directory.state(node.name))
            guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
                throw NodeError("cannot write \(file)", cure: "Name another directory with --dir.")
            }
        }
        return password
    }

    private func keys() throws -> (genesis: Genesis, root: RootKey, admin: AdminKey) {
        let (genesisFile, rootFile, adminFile) = ("\(directory.mesh)/genesis", "\(directory.mesh)/root.key", "\(directory.mesh)/admin.key")
        if FileManager.default.fileExists(atPath: genesisFile) {
            return (try Genesis.load(from: genesisFile), try RootKey.load(from: rootFile), try AdminKey.load(from: adminFile))
        }
        let (genesis, root, _) = Founding.found(name: "demo")
        let admin = AdminKey.generate()
        try root.write(to: rootFile)
        try admin.write(to: adminFile)
        // Last: with it the mesh exists.
        try genesis.write(to: genesisFile)
        return (genesis, root, admin)
    }

    /// Four groups of four from letters and digits that cannot be mistaken for each other: 79 bits.
    private static func generatedPassword() -> String {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyz23456789")
        var rng = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String((0..<4).map { _ in alphabet.randomElement(using: &rng)! }) }.joined(separator: "-")
    }
}

/// Keys of the mesh's shared configuration that the program knows.
enum SharedConfigKey {
    /// A `UsersConfig`.
    static let users = "users"
}
