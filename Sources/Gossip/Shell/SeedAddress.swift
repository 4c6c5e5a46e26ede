/// Seeds from the settings, as addresses.
enum SeedAddress {
    /// Seeds that are addresses already, and need no resolver.
    static func literal(_ text: String) -> PeerAddress? {
        guard let seed = PeerAddress(parsing: text, defaultPort: 7462), IPAddress(seed.host) != nil else { return nil }
        return seed
    }

    /// Addresses as they are, names as the resolver knows them.
    ///
    /// - Returns: nothing for a name that is not known (yet).
    static func resolve(_ text: String) async -> [PeerAddress] {
        guard let seed = PeerAddress(parsing: text, defaultPort: 7462) else { return [] }
        return await NameLookup.addresses(of: seed.host).map { PeerAddress(host: $0, port: seed.port) }
    }
}
