import Foundation
import Gossip
import Logging

/// Keeps the mesh's data keys with its members: a new one for each revocation, all of them for each newcomer.
extension NodeServices {
    /// `nil` for a value that does not read: nobody could use it, and a new one takes its place.
    var dataKeys: SealedDataKeys {
        gossip.view.config[SharedConfigKey.dataKey].flatMap { SealedDataKeys($0) } ?? SealedDataKeys()
    }

    /// After a revocation. Nothing that is sealed from now on opens for who was revoked.
    func renewDataKeys(_ context: APIContext, logger: Logger) async {
        var keys = dataKeys
        keys.renew(for: gossip.view.roster.members)
        await set(keys, context, logger)
    }

    /// After an admission.
    func completeDataKeys(_ context: APIContext, logger: Logger) async {
        var keys = dataKeys
        guard keys.complete(for: gossip.view.roster.members, by: identity) else { return }
        await set(keys, context, logger)
    }

    /// The revocation or admission stands, whatever becomes of this; the next one makes up for it.
    private func set(_ keys: SealedDataKeys, _ context: APIContext, _ logger: Logger) async {
        guard let admin = RootKeychain.Holder(context).flatMap({ rootKeychain.admin(for: $0) }) else {
            return logger.warning("the mesh's data keys stay as they are: this admin's own key is not open here; sign in with the passphrase and unlock again")
        }
        do {
            try await gossip.setConfig(SharedConfigKey.dataKey, keys.bytes, by: admin)
        } catch {
            logger.warning("the mesh's data keys stay as they are: \(error)")
        }
    }
}
