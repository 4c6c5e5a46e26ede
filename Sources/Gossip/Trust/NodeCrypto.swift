import CSodium

/// The core's cryptography with this node's own keys, on libsodium.
package struct NodeCrypto: GossipCrypto {
    let identity: NodeIdentity
    let mesh: MeshID

    package init(identity: NodeIdentity, mesh: MeshID) {
        self.identity = identity
        self.mesh = mesh
    }

    /// Which algorithms make the keys; another suite gets another name, and so other keys.
    private static let suite = Array("meshcam-x25519-xchacha20poly1305-1".utf8)

    package func sign(_ body: [UInt8], domain: SignatureDomain) -> [UInt8] { identity.sign(body, domain: domain, mesh: mesh) }

    package func verify(_ signature: [UInt8], of body: [UInt8], domain: SignatureDomain, publicKey: [UInt8]) -> Bool {
        SigningKey.verify(signature, of: body, domain: domain, mesh: mesh, publicKey: publicKey)
    }

    /// k(i→j) = BLAKE2b-256(key: X25519(i, j), mesh ‖ i ‖ j ‖ suite).
    package func packetKeys(with peer: Admission) -> (send: [UInt8], receive: [UInt8])? {
        Sodium.ready
        guard peer.dhPublicKey.count == Int(crypto_scalarmult_BYTES) else { return nil }
        var shared = [UInt8](repeating: 0, count: Int(crypto_scalarmult_BYTES))
        // Fails for points of small order, which would make a key that everybody knows.
        guard identity.dhSecret.withBytes({ crypto_scalarmult(&shared, $0, peer.dhPublicKey) }) == 0 else { return nil }
        defer { sodium_memzero(&shared, shared.count) }
        let (own, other) = (identity.id.bytes, peer.id.bytes)
        return (
            blake2b(mesh.bytes + own + other + Self.suite, length: 32, key: shared),
            blake2b(mesh.bytes + other + own + Self.suite, length: 32, key: shared)
        )
    }

    package func hash(_ bytes: [UInt8]) -> [UInt8] { blake2b(bytes, length: 16) }

    package func tlsKeyHash(ofCertificate der: [UInt8]) -> [UInt8]? { NodeCertificate.keyHash(ofDER: der) }

    package func seal(_ plaintext: [UInt8], additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8] {
        precondition(
            nonce.count == Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) && key.count == Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES),
            "wrong sizes for XChaCha20-Poly1305")
        var sealed = [UInt8](repeating: 0, count: plaintext.count + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES))
        var length: UInt64 = 0
        let result = crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed, &length, plaintext, UInt64(plaintext.count), additionalData, UInt64(additionalData.count), nil, nonce, key)
        precondition(result == 0 && length == UInt64(sealed.count), "XChaCha20-Poly1305 refused valid sizes")
        return sealed
    }

    package func open(_ ciphertext: ArraySlice<UInt8>, additionalData: [UInt8], nonce: [UInt8], key: [UInt8]) -> [UInt8]? {
        let tag = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
        guard ciphertext.count >= tag, nonce.count == Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES),
            key.count == Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
        else { return nil }
        let sealed = Array(ciphertext)
        // One byte more, so that there is an address even for an empty content.
        var plain = [UInt8](repeating: 0, count: sealed.count - tag + 1)
        var length: UInt64 = 0
        guard
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                &plain, &length, nil, sealed, UInt64(sealed.count), additionalData, UInt64(additionalData.count), nonce, key) == 0
        else { return nil }
        return Array(plain.prefix(Int(length)))
    }
}
