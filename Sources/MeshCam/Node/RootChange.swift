import Dispatch
import Foundation
import Gossip

/// A new root key for the mesh, and for everybody who may use it: after a theft by who has the old one, and by the recovery phrase when
/// nobody has.
extension NodeServices {
    /// Revokes a node and makes all worthless that it carried: another root key, sealed for the same admins, and another data key.
    ///
    /// - Parameters:
    ///   - user: who acts, and whose passphrase this is.
    ///   - admin: that user's own key.
    /// - Returns: the new root.
    func giveUp(_ lost: NodeID, root: RootKey, admin: AdminKey, user name: String, passphrase: String) async throws -> RootKey {
        let roster = gossip.view.roster
        var users = UsersConfig()
        users.users = self.users
        let admins = users.users.indices.filter { users.users[$0].role == Caller.Role.admin.rawValue }
        // Each one's own key and no earlier one: an old password opens what a stolen card has of them.
        var kept = Dictionary(admins.map { (Array(users.users[$0].adminKey), users.users[$0].name) }) { first, _ in first }
        kept[admin.publicKey] = name
        let (new, rotation) = root.replaced(in: roster, revoking: [lost], admins: kept)
        for place in admins {
            if users.users[place].name == name {
                users.users[place].sealedRootKey = Data(try await Self.apart { try SealedRootKey.seal(new, passphrase: passphrase) })
                users.users[place].rootForAdmin = Data()
            } else {
                // Nobody knows their passphrases; their own keys open it.
                users.users[place].sealedRootKey = Data()
                users.users[place].rootForAdmin = Data(RootForAdmin.seal(new, for: Array(users.users[place].adminKey)))
            }
        }
        var keys = dataKeys
        keys.renew(for: roster.members.filter { $0.id != lost })
        // The revocation goes first and fits a packet: everybody hears of it at once, also who takes a while to fetch the rotation.
        try await gossip.replaceRoot(
            [root.revoke(lost, serial: roster.nextSerial), rotation],
            setting: [SharedConfigKey.users: try users.serializedBytes(), SharedConfigKey.dataKey: keys.bytes], by: admin)
        rootKeychain.lockAll()
        return new
    }

    /// Makes `name` the mesh's one admin, with a new root key and a new password. Whoever else was an admin is a viewer from now on, until
    /// they are made one again: their keys are void, because nobody knows who has them, and so are everybody's tokens and their sessions.
    ///
    /// - Returns: who is a viewer now.
    func recover(with recovery: RecoveryKey, admin name: String, password: String) async throws -> [String] {
        let roster = gossip.view.roster
        let admin = AdminKey()
        let (root, rotation) = recovery.replaceRoot(in: roster, certifying: admin.publicKey, name: name)
        var users = UsersConfig()
        var own = try await Self.apart { try UsersConfig.User(admin: name, password: password, adminKey: admin, root: root) }
        own.beginGeneration()
        var demoted: [String] = []
        let others = self.users.filter { $0.name != name }.map { user in
            guard user.role == Caller.Role.admin.rawValue else { return user }
            var user = user
            user.role = Caller.Role.viewer.rawValue
            user.forgetKeys()
            user.beginGeneration()
            demoted.append(user.name)
            return user
        }
        users.users = [own] + others
        try await gossip.replaceRoot([rotation], setting: [SharedConfigKey.users: try users.serializedBytes(), SharedConfigKey.tokens: try TokensConfig().serializedBytes()], by: admin)
        rootKeychain.lockAll()
        return demoted
    }

    /// Argon2id takes a while and 64 MiB: not on the cooperative pool.
    private static func apart<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
