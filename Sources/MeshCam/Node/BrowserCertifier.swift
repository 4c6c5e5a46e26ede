import Gossip
import Logging

/// The mesh's certificates for browsers are completed wherever the root is unlocked (mesh.md §9).
extension NodeServices {
    /// Certifies every member's own authority that has no certificate yet. Does nothing while nobody who unlocked the root is here.
    func certifyForBrowsers(logger: Logger) async {
        let view = gossip.view
        // A root that was replaced elsewhere meanwhile rules nothing any more.
        guard let (root, admin) = rootKeychain.unlocked(where: { view.roster.isAdmin($0.publicKey) }), root.publicKey == view.roster.currentRootPublicKey else { return }
        let keys = view.members.compactMap { member in member.node.map { (member.id, Array($0.browserKey)) } }
        do {
            let new = try BrowserCertificates.completed(
                view.config[SharedConfigKey.browserCA] ?? [], by: BrowserAuthority(root: root, mesh: view.roster.genesis.name),
                members: view.roster.members.map(\.id), keys: Dictionary(keys, uniquingKeysWith: { first, _ in first }))
            guard let new else { return }
            try await gossip.setConfig(SharedConfigKey.browserCA, new.bytes, by: admin)
            logger.notice("the mesh's authority for browsers certified its nodes")
        } catch {
            logger.warning("browsers go on to warn: \(error)")
        }
    }

    /// Does so again for whoever joins while the root is unlocked: a new camera tells its key when it is a member. Until cancelled.
    func keepCertifyingForBrowsers(logger: Logger) async {
        for await change in gossip.changes() {
            switch change {
            case .record(_, .node), .roster, .config(SharedConfigKey.browserCA), .resync: await certifyForBrowsers(logger: logger)
            default: break
            }
        }
    }
}
