/// What this node tells the mesh, beside its own records.
extension GossipService {
    /// Sets a value of the mesh's shared configuration, for all nodes.
    ///
    /// - Throws: when the key is not certified by the root, or the value is too large.
    public func setConfig(_ key: String, _ value: [UInt8], by admin: AdminKey) throws {
        perform(try instance.setConfig(key, value, by: admin), now: .now)
    }

    /// Changes a value on top of what it is: nothing that this node hears comes between the look and the change. What an admin sets
    /// elsewhere in that moment may win instead, because the last writer does.
    ///
    /// - Parameter change: answers what is to be there in place of the present value, or throws to leave it.
    /// - Throws: what `change` throws; when the key is not certified by the root, or the value is too large.
    public func changeConfig(_ key: String, by admin: AdminKey, _ change: @Sendable ([UInt8]?) throws -> [UInt8]) throws {
        perform(try instance.setConfig(key, try change(view.config[key]), by: admin), now: .now)
    }

    /// Makes the mesh's groups what is wanted. What other admins do at the same time elsewhere is joined with it: added cameras stay.
    ///
    /// - Parameter condition: looked at in the same moment: nothing that this node hears comes between the look and the change. What an
    ///   admin sets elsewhere in that moment does.
    /// - Returns: whether the condition held; if not, nothing was changed.
    /// - Throws: when the key is not certified by the root, or there are too many groups.
    @discardableResult
    public func setGroups(_ wanted: [CameraGroup], by admin: AdminKey, if condition: @Sendable () -> Bool = { true }) throws -> Bool {
        guard condition() else { return false }
        perform(try instance.setGroups(wanted, by: admin), now: .now)
        return true
    }

    /// Takes records of the root: a new member, a revocation, an admin's key. What is not signed by the root is dropped.
    public func merge(_ records: [SignedRecord]) {
        let now = ContinuousClock.now
        perform(instance.merge(records, now: now), now: now)
    }

    /// The same, together with shared configuration that follows from it, in one step.
    ///
    /// - Throws: before anything has changed, when a value cannot be set.
    public func merge(_ records: [SignedRecord], setting values: [String: [UInt8]], by admin: AdminKey) throws {
        let now = ContinuousClock.now
        perform(try instance.merge(records, setting: values, by: admin, now: now), now: now)
    }

    /// The same, with one value that is changed on top of what it is: nothing that this node hears comes between the look and the change.
    ///
    /// What only keys had signed that the records revoke is signed anew with `admin`'s.
    ///
    /// - Parameters:
    ///   - admin: certified when the records are taken.
    ///   - change: answers what is to be there in place of the present value, or throws to leave everything as it is.
    /// - Throws: what `change` throws; before anything has changed, when the value cannot be set.
    public func merge(_ records: [SignedRecord], changing key: String, by admin: AdminKey, _ change: @Sendable ([UInt8]?) throws -> [UInt8]) throws {
        try merge(records, setting: [key: try change(view.config[key])], by: admin)
    }

    /// Takes another root, and sets shared configuration that goes with it, in one step.
    ///
    /// - Parameters:
    ///   - admin: certified by the new root. Everything else that only void keys had signed is signed anew with it.
    ///   - change: answers, from what is known at that moment, the rotation with what else goes with it, and values of the shared configuration by
    ///     key; or throws to leave everything as it is. Nothing that this node hears comes between the look and the change.
    /// - Throws: what `change` throws; before anything has changed, when the rotation is not taken or does not certify that key.
    public func replaceRoot(by admin: AdminKey, _ change: @Sendable (MeshView) throws -> (records: [SignedRecord], values: [String: [UInt8]])) throws {
        let (records, values) = try change(view)
        let now = ContinuousClock.now
        perform(try instance.replaceRoot(records, setting: values, by: admin, now: now), now: now)
    }

    /// Another number: roster or shared configuration has changed, and is on its way to the disk.
    public nonisolated var trustChanges: Int { trustWriter.asked }

    /// Returns when roster and shared configuration are on the disk as they were at the call, or why they are not.
    public nonisolated func trustFailure() async -> TrustError? { await trustWriter.failure() }

    /// Somebody says that `node` is there: it is called, and nothing is proven until it answers.
    ///
    /// - Parameter addresses: best first; more than a few are left out.
    public func heard(of node: NodeID, at addresses: [PeerAddress]) {
        let now = ContinuousClock.now
        for address in addresses.prefix(Self.rumourLimit) { perform(instance.discovered(node, at: address, now: now), now: now) }
    }

    private static let rumourLimit = 8

    /// Tells a group that something happens. Returns at once; sending goes on until every member has it.
    public func trigger(_ draft: TriggerDraft) -> EventID {
        let now = ContinuousClock.now
        let (id, actions) = instance.trigger(draft, now: now)
        perform(actions, now: now)
        return id
    }

    /// Answers a member's exchange: the server's side of ``PeerExchange``.
    ///
    /// - Parameter peer: proven by its TLS certificate.
    /// - Returns: `nil` for whom is not heeded now, or what does not read; say so to it.
    public func answer(peer: NodeID, _ request: [UInt8]) -> [UInt8]? {
        let now = ContinuousClock.now
        let (answer, actions) = instance.answer(request, from: peer, now: now)
        perform(actions, now: now)
        return answer
    }
}
