package import Gossip

/// A simulated node's cryptography: the real one with seeded keys, or a quick imitation of it behind the same codec for many seeds
/// and for large meshes.
///
/// The imitation's tags and signatures depend on everything that the real ones depend on, so whoever lacks a key is refused just the
/// same; that somebody could compute them without it is nothing that a simulated attacker knows.
package struct SimulatedCrypto: GossipCrypto {
    package enum Kind: String, Sendable, CaseIterable {
        /// libsodium: XChaCha20-Poly1305, X25519, Ed25519, BLAKE2b.
        case real
        /// A 64-bit mix for everything.
        case fast
    }

    private let kind: Kind
    private let real: NodeCrypto
    private let id: NodeID
    private let publicKey: [UInt8]
    /// What is broken on purpose: refutations that nobody believes, or the hash of what is known.
    private let control: NegativeControl?

    init(_ kind: Kind, identity: NodeIdentity, mesh: MeshID, control: NegativeControl? = nil) {
        self.kind = kind
        self.control = control
        real = NodeCrypto(identity: identity, mesh: mesh)
        id = identity.id
        publicKey = identity.signPublicKey
    }

    /// As long as a real certificate. A real one's length differs from process to process by its signature's.
    static func certificate(of identity: NodeIdentity) -> [UInt8] {
        identity.tlsKeyHash + [UInt8](repeating: 0x5c, count: certificateSize - identity.tlsKeyHash.count)
    }

    private static let certificateSize = 300

    package func tlsKeyHash(ofCertificate der: [UInt8]) -> [UInt8]? { der.count == Self.certificateSize ? Array(der.prefix(32)) : nil }

    package func sign(_ body: [UInt8], domain: SignatureDomain) -> [UInt8] {
        if control == .noRefutation, domain == .claim, isRefutation(body) { return [UInt8](repeating: 0, count: 64) }
        if kind == .real { return real.sign(body, domain: domain) }
        return Self.words(8, [publicKey, Array(domain.rawValue.utf8), body])
    }

    package func verify(_ signature: [UInt8], of body: [UInt8], domain: SignatureDomain, publicKey: [UInt8]) -> Bool {
        if kind == .real { return real.verify(signature, of: body, domain: domain, publicKey: publicKey) }
        return signature == Self.words(8, [publicKey, Array(domain.rawValue.utf8), body])
    }

    package func packetKeys(with peer: Admission) -> (send: [UInt8], receive: [UInt8])? {
        if kind == .real { return real.packetKeys(with: peer) }
        return (Self.words(4, [id.bytes, peer.id.bytes]), Self.words(4, [peer.id.bytes, id.bytes]))
    }

    package func hash(_ bytes: [UInt8]) -> [UInt8] {
        // Kind and node of a record (``SignedState``), without its boot and number.
        let isRecord = bytes.count == 30 && bytes.first == 1
        let hashed = control == .blindHash && isRecord ? Array(bytes.prefix(18)) : bytes
        return kind == .real ? real.hash(hashed) : Self.words(2, [hashed])
    }

    package func seal(_ plaintext: [UInt8], additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8] {
        if kind == .real { return real.seal(plaintext, additionalData: additionalData, nonce: nonce, key: key) }
        return plaintext + Self.words(2, [key, additionalData, nonce, plaintext])
    }

    package func open(_ ciphertext: ArraySlice<UInt8>, additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8]? {
        if kind == .real { return real.open(ciphertext, additionalData: additionalData, nonce: nonce, key: key) }
        guard ciphertext.count >= 16 else { return nil }
        let plaintext = Array(ciphertext.dropLast(16))
        return ciphertext.suffix(16).elementsEqual(Self.words(2, [key, additionalData, nonce, plaintext])) ? plaintext : nil
    }

    private static func words(_ count: Int, _ parts: [[UInt8]]) -> [UInt8] {
        var hash = FastHash()
        for part in parts { hash.add(part) }
        return [UInt8](unsafeUninitializedCapacity: count * 8) { buffer, size in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for index in 0..<count {
                hash.add(UInt64(index))
                raw.storeBytes(of: hash.value, toByteOffset: index * 8, as: UInt64.self)
            }
            size = count * 8
        }
    }

    /// Whether a claim says that its author itself is alive in an incarnation after its boot's first.
    private func isRefutation(_ body: [UInt8]) -> Bool {
        (0..<4).contains { boot in
            (1..<64).contains { number in
                let standing = Standing(status: .alive, incarnation: Incarnation(boot: UInt32(boot), number: UInt32(number)))
                return Claim(subject: id, standing: standing, author: id).body == body
            }
        }
    }
}
