import Foundation
import Gossip
import Logging

/// Keeps the mesh's data keys with its members: a new one for each revocation, all of them for each newcomer.
extension NodeServices {
    /// `nil` for a value that does not read: nobody could use it, and a new one takes its place.
    var dataKeys: SealedDataKeys {
        gossip.view.config[SharedConfigKey.dataKey].flatMap { SealedDataKeys($0) } ?? SealedDataKeys()
    }

    /// Ends a membership for ever, with another data key: what is sealed from then on, that node never opens. Who was let in by it stays.
    func revoke(_ member: NodeID, by root: RootKey, _ context: APIContext, logger: Logger) async {
        let roster = gossip.view.roster
        let records = root.revoke(member, in: roster)
        var keys = dataKeys
        keys.renew(for: roster.members.filter { $0.id != member })
        do {
            guard let admin = RootKeychain.Holder(context).flatMap({ rootKeychain.admin(for: $0) }) else { throw Self.noKey }
            try await gossip.merge(records, setting: [SharedConfigKey.dataKey: keys.bytes], by: admin)
        } catch {
            // The revocation stands, whatever becomes of this; the next one makes up for it.
            await gossip.merge(records)
            logger.warning("the mesh's data keys stay as they are: \(error)")
        }
    }

    /// The keys that secrets are sealed with; the first one is made where the mesh has none yet.
    func keyringForSealing(by admin: AdminKey) async throws -> DataKeyring {
        var keys = dataKeys
        if keys.epoch == 0 {
            keys.renew(for: gossip.view.roster.members)
            try await gossip.setConfig(SharedConfigKey.dataKey, keys.bytes, by: admin)
        }
        return keys.keyring(of: identity)
    }

    private static let noKey = TrustError(
        operation: "make another data key", reason: "this admin's own key is not open here", cure: "Sign in with the passphrase and unlock again.")

    /// After an admission.
    func completeDataKeys(_ context: APIContext, logger: Logger) async {
        var keys = dataKeys
        guard keys.complete(for: gossip.view.roster.members, by: identity) else { return }
        await set(keys, context, logger)
    }

    /// The admission stands, whatever becomes of this; the next one makes up for it.
    private func set(_ keys: SealedDataKeys, _ context: APIContext, _ logger: Logger) async {
        guard let admin = RootKeychain.Holder(context).flatMap({ rootKeychain.admin(for: $0) }) else {
            return logger.warning("the mesh's data keys stay as they are: \(Self.noKey)")
        }
        do {
            try await gossip.setConfig(SharedConfigKey.dataKey, keys.bytes, by: admin)
        } catch {
            logger.warning("the mesh's data keys stay as they are: \(error)")
        }
    }
}
