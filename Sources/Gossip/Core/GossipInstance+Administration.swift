extension GossipInstance {
    /// Sets a value of the mesh's shared configuration, for all nodes.
    ///
    /// - Throws: when the key is not certified by the root, or the value is too large.
    package mutating func setConfig(_ key: String, _ value: [UInt8], by admin: AdminKey) throws(TrustError) -> [Action] {
        try SharedConfig.check(key, value, admin.publicKey, roster)
        let body = config.next(key, value, adminKey: admin.publicKey)
        let signature = admin.key.sign(body, domain: .config, mesh: roster.meshID)
        return accept(config: [WireSigned(body: body, signature: signature, signer: admin.publicKey)])
    }

    /// Makes the mesh's groups what is wanted. What other admins do at the same time elsewhere is joined with it: added cameras stay.
    ///
    /// - Throws: when the key is not certified by the root, or there are too many groups.
    package mutating func setGroups(_ wanted: [CameraGroup], by admin: AdminKey) throws(TrustError) -> [Action] {
        try setConfig(SharedConfigKey.groups, config.groups(wanted, by: Identifier128(writer: id, boot: boot)), by: admin)
    }

    /// Takes records of the root: a new member, a revocation, an admin's key. What is not signed by the root is dropped.
    package mutating func merge(_ records: [SignedRecord], now: ContinuousClock.Instant) -> [Action] {
        accept(roster: records.map(\.wire), now: now)
    }
}
