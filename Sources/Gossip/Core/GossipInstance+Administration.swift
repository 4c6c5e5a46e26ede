extension GossipInstance {
    /// Sets a value of the mesh's shared configuration, for all nodes.
    ///
    /// - Throws: before anything has changed, when the key is not certified by the root, the value is too large, there is no room for it, or
    ///   it cannot take the place of what is there.
    package mutating func setConfig(_ key: String, _ value: [UInt8], by admin: AdminKey) throws(TrustError) -> [Action] {
        try SharedConfig.check(key, value, admin.publicKey, roster)
        try config.checkRoom(for: key, value)
        let body = config.next(key, value, adminKey: admin.publicKey, least: roster.configCounters.lowerBound)
        try SharedConfig.check(counterOf: body, roster)
        let signed = WireSigned(body: body, signature: admin.key.sign(body, domain: .config, mesh: roster.meshID), signer: admin.publicKey)
        let actions = accept(config: [signed])
        guard config.holds(signed) else {
            throw TrustError(
                operation: "change the shared setting '\(key.prefix(SharedConfig.keyLimit))'", reason: "the mesh does not take it",
                cure: "Try again; if that does not help, give each admin a new password.")
        }
        return actions
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

    /// Takes records of the root together with shared configuration that goes with them, in one step: a power cut leaves both or neither,
    /// and no peer that compares with this node sees the one without the other.
    ///
    /// What only keys had signed that these records make void (``SignedRecord/Kind/revokeAdminKey``, a rotation) is signed anew, as it is.
    ///
    /// - Parameters:
    ///   - values: shared configuration to set, by key.
    ///   - admin: certified when the records are taken.
    /// - Throws: before anything has changed, when that key is not certified then, or a value cannot be set.
    package mutating func merge(
        _ records: [SignedRecord], setting values: [String: [UInt8]], by admin: AdminKey, now: ContinuousClock.Instant
    ) throws(TrustError) -> [Action] {
        var trial = roster
        trial.merge(records)
        try SharedConfig.check(admin.publicKey, trial)
        for (key, value) in values {
            try SharedConfig.check(key, value, admin.publicKey, trial)
            try config.checkRoom(for: key, value)
        }
        let held = config.values
        // On a copy: what fails halfway has not begun.
        var changed = self
        var actions = changed.merge(records, now: now)
        let kept = changed.config.values
        let void = held.filter { kept[$0.key] != $0.value && values[$0.key] == nil }
        for (key, value) in values.merging(void, uniquingKeysWith: { first, _ in first }).sorted(by: { $0.key < $1.key }) {
            actions += try changed.setConfig(key, value, by: admin)
        }
        self = changed
        return actions
    }

    /// Another root, and what is to be signed anew under it (``merge(_:setting:by:now:)``).
    ///
    /// - Parameter records: the rotation, and what else goes with it.
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
        return try merge(records, setting: values, by: admin, now: now)
    }
}
