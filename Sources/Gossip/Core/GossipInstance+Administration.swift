extension GossipInstance {
    /// Sets a value of the mesh's shared configuration, for all nodes.
    ///
    /// - Parameter least: its Lamport counter is higher than this, too. Default 0.
    /// - Throws: when the key is not certified by the root, the value is too large, or there is no room for it.
    package mutating func setConfig(
        _ key: String, _ value: [UInt8], by admin: AdminKey, least: UInt64 = 0
    ) throws(TrustError) -> [Action] {
        try SharedConfig.check(key, value, admin.publicKey, roster)
        try config.checkRoom(for: key, value)
        let body = config.next(key, value, adminKey: admin.publicKey, least: least)
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

    /// Takes records of the root together with shared configuration that follows from them, in one step: a power cut leaves both or neither.
    ///
    /// - Throws: before anything has changed, when a value cannot be set.
    package mutating func merge(
        _ records: [SignedRecord], setting values: [String: [UInt8]], by admin: AdminKey, now: ContinuousClock.Instant
    ) throws(TrustError) -> [Action] {
        for (key, value) in values {
            try SharedConfig.check(key, value, admin.publicKey, roster)
            try config.checkRoom(for: key, value)
        }
        var actions = merge(records, now: now)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { actions += try setConfig(key, value, by: admin) }
        return actions
    }

    /// Another root, and what is to be signed anew under it, in one step: no disk and no peer sees the one without the other.
    ///
    /// - Parameters:
    ///   - records: the rotation, and what else goes with it.
    ///   - values: shared configuration to set, by key.
    ///   - admin: certified by the new root. Everything else that only void keys had signed is signed anew with it.
    /// - Throws: before anything has changed, when the rotation is not taken or does not certify that key.
    package mutating func replaceRoot(
        _ records: [SignedRecord], setting values: [String: [UInt8]], by admin: AdminKey, now: ContinuousClock.Instant
    ) throws(TrustError) -> [Action] {
        var trial = roster
        trial.merge(records)
        guard trial.currentRootPublicKey != roster.currentRootPublicKey else {
            throw TrustError(
                operation: "replace the root key", reason: "the mesh does not take the new one",
                cure: "It may have got another one in this moment: unlock again and repeat.")
        }
        for (key, value) in values { try SharedConfig.check(key, value, admin.publicKey, trial) }
        let before = config.values
        var actions = merge(records, now: now)
        let void = before.filter { config.values[$0.key] == nil && values[$0.key] == nil }
        for (key, value) in values.merging(void, uniquingKeysWith: { first, _ in first }).sorted(by: { $0.key < $1.key }) {
            // Above whatever an admin writes elsewhere who has not heard of this root: that would bring back keys sealed for the former one.
            actions += try setConfig(key, value, by: admin, least: roster.rootEpoch << 32)
        }
        return actions
    }
}
