import Dispatch
import Foundation
import Gossip
import Synchronization

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
        let new = RootKey(toSucceedIn: root.meshID)
        // First what takes long: between the look at users and roster and the change of both, nothing may happen that would be undone.
        let sealed = Data(try await Self.apart { try SealedRootKey.seal(new, passphrase: passphrase) })
        try await gossip.replaceRoot(by: admin) { view in
            var users = UsersConfig()
            users.users = UserList(view.config[SharedConfigKey.users]).users
            let admins = users.users.indices.filter { users.users[$0].isAdmin }
            guard admins.contains(where: { users.users[$0].name == name && Array(users.users[$0].adminKey) == admin.publicKey }) else { throw UserList.changedMeanwhile }
            for place in admins {
                if users.users[place].name == name {
                    users.users[place].sealedRootKey = sealed
                    users.users[place].rootForAdmin = Data()
                } else {
                    // Nobody knows their passphrases; their own keys open it.
                    users.users[place].sealedRootKey = Data()
                    users.users[place].rootForAdmin = Data(RootForAdmin.seal(new, for: Array(users.users[place].adminKey)))
                }
            }
            // Each one's own key and no earlier one: an old password opens what a stolen card has of them.
            let kept = Dictionary(admins.map { (Array(users.users[$0].adminKey), users.users[$0].name) }) { first, _ in first }
            let rotation = root.handOver(to: new, in: view.roster, revoking: [lost], admins: kept)
            var keys = view.config[SharedConfigKey.dataKey].flatMap { SealedDataKeys($0) } ?? SealedDataKeys()
            keys.renew(for: view.roster.members.filter { $0.id != lost })
            // The revocation goes first and fits a packet: everybody hears of it at once, also who takes a while to fetch the rotation.
            return (
                [root.revoke(lost, serial: view.roster.nextSerial), rotation],
                [SharedConfigKey.users: try users.serializedBytes(), SharedConfigKey.dataKey: keys.bytes]
            )
        }
        rootKeychain.lockAll()
        return new
    }

    /// Makes `name` the mesh's one admin, with a new root key and a new password. Whoever else was an admin is a viewer from now on, until
    /// they are made one again: their keys are void, because nobody knows who has them, and so are everybody's tokens and their sessions.
    ///
    /// - Returns: who is a viewer now.
    func recover(with recovery: RecoveryKey, admin name: String, password: String) async throws -> [String] {
        let admin = AdminKey()
        let root = RootKey(toSucceedIn: gossip.view.roster.meshID)
        // First what takes long, as above.
        var made = try await Self.apart { try UsersConfig.User(admin: name, password: password, adminKey: admin, root: root) }
        made.beginGeneration()
        let own = made
        let demoted = Mutex<[String]>([])
        try await gossip.replaceRoot(by: admin) { view in
            var users = UsersConfig()
            var viewers: [String] = []
            let others = UserList(view.config[SharedConfigKey.users]).users.filter { $0.name != name }.map { user in
                guard user.isAdmin else { return user }
                var user = user
                user.role = Caller.Role.viewer.rawValue
                user.forgetKeys()
                user.beginGeneration()
                viewers.append(user.name)
                return user
            }
            users.users = [own] + others
            demoted.withLock { $0 = viewers }
            return (
                [recovery.handOver(to: root, in: view.roster, certifying: admin.publicKey, name: name)],
                [SharedConfigKey.users: try users.serializedBytes(), SharedConfigKey.tokens: try TokensConfig().serializedBytes()]
            )
        }
        rootKeychain.lockAll()
        return demoted.withLock { $0 }
    }

    /// Argon2id takes a while and 64 MiB: not on the cooperative pool.
    private static func apart<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
