import Foundation
import Gossip
import Logging
import Storage

/// Keeps the store's targets those that the mesh's configuration and this node's own settings name.
extension NodeServices {
    /// Of the mesh.
    var meshTargets: StorageTargetList { StorageTargetList(gossip.view.config[SharedConfigKey.storage]) }

    /// Of this node's own settings. They were looked at when it started.
    var ownTargets: [TargetLocation] { settings.storage.directories.compactMap { try? TargetLocation($0) } }

    /// Follows the configuration until the task is cancelled.
    func followTargets(logger: Logger) async {
        let changes = gossip.changes()
        var unreadable: Set<TargetLocation> = []
        func follow() {
            let keys = dataKeys.keyring(of: identity)
            var wanted = ownTargets.map { (location: $0, credentials: Optional(TargetCredentials.none)) }
            var closed: Set<TargetLocation> = []
            for (location, config) in meshTargets.targets {
                let credentials = StorageTargetList.credentials(config, of: location, with: keys)
                if credentials == nil { closed.insert(location) }
                wanted.append((location, credentials))
            }
            for location in closed.subtracting(unreadable) {
                logger.warning("the password of \(location) is sealed with a key that this node does not have: set it again on any dashboard")
            }
            unreadable = closed
            store.targets.set(wanted)
        }
        follow()
        for await change in changes {
            switch change {
            case .config(SharedConfigKey.storage), .config(SharedConfigKey.dataKey), .resync: follow()
            default: break
            }
        }
    }
}
