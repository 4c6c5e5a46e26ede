/// What the core needs of cryptography. The program's is ``NodeCrypto``, on libsodium.
package protocol GossipCrypto: PacketCipher {
    /// Our signature.
    func sign(_ body: [UInt8], domain: SignatureDomain) -> [UInt8]
    /// Whether the owner of that key signed `body`.
    func verify(_ signature: [UInt8], of body: [UInt8], domain: SignatureDomain, publicKey: [UInt8]) -> Bool
    /// One key for each direction. `nil` for a public key that yields no secret.
    func packetKeys(with peer: Admission) -> (send: [UInt8], receive: [UInt8])?
    /// BLAKE2b-128.
    func hash(_ bytes: [UInt8]) -> [UInt8]
    /// SHA-256 of the public key in a TLS certificate.
    func tlsKeyHash(ofCertificate der: [UInt8]) -> [UInt8]?
}
