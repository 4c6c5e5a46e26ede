/// What this node's state directory knows of its mesh: genesis, roster and shared configuration, in one file that a power cut
/// leaves either old or new. Founding and provisioning write the same file.
public struct TrustStore: Sendable {
    /// More than the fullest roster, the longest line of roots and the largest configuration take together.
    private static let sizeLimit = 64 << 20

    public let directory: String
    public var roster: Roster
    var config: SharedConfig

    /// For a node that joins `genesis`'s mesh. Nothing is written before ``save()``.
    public init(directory: String, genesis: Genesis, records: [SignedRecord] = []) {
        self.directory = directory
        var roster = Roster(genesis: genesis)
        roster.merge(records)
        self.roster = roster
        config = SharedConfig()
    }

    public var genesis: Genesis { roster.genesis }
    public var meshID: MeshID { roster.meshID }

    /// Values of the shared configuration by key.
    public var values: [String: [UInt8]] { config.values }

    /// Sets a value of the shared configuration, signed by a key that the roster certifies.
    public mutating func setConfig(_ key: String, _ value: [UInt8], by admin: AdminKey) throws(TrustError) {
        try SharedConfig.check(key, value, admin.publicKey, roster)
        try config.checkRoom(for: key, value)
        let entry = config.next(key, value, adminKey: admin.publicKey, least: roster.configCounters.lowerBound)
        try SharedConfig.check(counterOf: entry, roster)
        config.accept(
            WireSigned(body: entry, signature: admin.key.sign(entry, domain: .config, mesh: meshID), signer: admin.publicKey))
    }

    /// Reads a state directory. `nil` when this node belongs to no mesh yet.
    ///
    /// - Throws: when the file cannot be read, or is damaged.
    public static func load(from directory: String) throws(TrustError) -> TrustStore? {
        let path = Self.path(in: directory)
        let operation = "read the mesh's roster"
        guard let file = try DurableFile.read(path, limit: sizeLimit, operation: operation) else { return nil }
        guard let content = Checksummed.open(file), let stored = WireTrustFile(untrusted: content),
            let genesis = Genesis(bytes: Array(stored.genesis))
        else {
            throw TrustError(
                operation: operation, reason: "\(path) is damaged",
                cure: "Remove it and pair this node again, or restore it from a copy. Its footage is not touched.")
        }
        var store = TrustStore(directory: directory, genesis: genesis, records: stored.roster.compactMap(SignedRecord.init))
        for entry in stored.config where SharedConfig.verify(entry, roster: store.roster) { store.config.accept(entry) }
        return store
    }

    /// Writes everything, and returns when it is on the disk.
    public func save() throws(TrustError) {
        var stored = WireTrustFile()
        stored.genesis = .init(genesis.bytes)
        stored.roster = roster.records.map(\.wire)
        stored.config = config.entries
        try DurableFile.write(Checksummed.seal(stored.wireBytes), to: Self.path(in: directory), operation: "write the mesh's roster")
    }

    private static func path(in directory: String) -> String { "\(directory)/mesh" }
}
