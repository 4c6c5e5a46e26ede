import CSodium

/// What a signature is for. It is part of what is signed, so that nothing signed for one purpose passes for another.
public enum SignatureDomain: String, Sendable, CaseIterable {
    /// Root: a node may be a member.
    case admit = "meshcam-admit-1"
    /// Root: a node is a member no more.
    case revoke = "meshcam-revoke-1"
    /// Root: a user's key may sign shared configuration.
    case adminKey = "meshcam-admin-key-1"
    /// Root: it may not any more.
    case revokeAdminKey = "meshcam-revoke-admin-key-1"
    /// Root, or recovery key: another key is the root from now on.
    case rootRotate = "meshcam-root-rotate-1"
    /// New root: it is there to take over.
    case newRoot = "meshcam-new-root-1"
    /// New node: the keys that it shows while it is paired are its own.
    case pairing = "meshcam-pairing-1"
    /// Root: whoever holds that key's secret may bring nodes into the mesh.
    case ticket = "meshcam-ticket-1"
    /// Root: a ticket admits nobody any more.
    case revokeTicket = "meshcam-revoke-ticket-1"
    /// Ticket: a newcomer asks a member to be taken in.
    case joinTicket = "meshcam-join-ticket-1"
    /// Newcomer: the same, with its own key.
    case joinNewcomer = "meshcam-join-newcomer-1"
    /// Node: it has taken a newcomer in.
    case admitByTicket = "meshcam-admit-by-ticket-1"
    /// Node: what it answers to a newcomer.
    case joinAnswer = "meshcam-join-answer-1"
    /// Node: it holds the beginning of another node's clip.
    case witness = "meshcam-witness-1"
    /// Admin key: a value of the shared configuration.
    case config = "meshcam-config-1"
    /// Node: one of its own records.
    case record = "meshcam-record-1"
    /// Node: a member's status.
    case claim = "meshcam-claim-1"
    /// Node: an event for a group.
    case trigger = "meshcam-trigger-1"
    /// Node: the manifest of a clip.
    case manifest = "meshcam-manifest-1"
    /// Node: a fragment of a clip and all before it.
    case head = "meshcam-head-1"
    /// Node: where it is, for whom that finds it on a storage target.
    case discovery = "meshcam-discovery-1"

    /// What is really signed: length of the domain, domain, mesh, bytes.
    func message(_ bytes: [UInt8], mesh: MeshID) -> [UInt8] {
        [UInt8(rawValue.utf8.count)] + Array(rawValue.utf8) + mesh.bytes + bytes
    }
}

/// An Ed25519 key pair (RFC 8032).
struct SigningKey: Sendable {
    /// 32 bytes.
    let publicKey: [UInt8]
    private let secret: SecretBytes
    private let seedSecret: SecretBytes

    /// A new key.
    init() {
        self.init(validSeed: secureRandomBytes(Int(crypto_sign_SEEDBYTES)))
    }

    /// `nil` unless the seed has 32 bytes.
    init?(seed: [UInt8]) {
        guard seed.count == Int(crypto_sign_SEEDBYTES) else { return nil }
        self.init(validSeed: seed)
    }

    private init(validSeed seed: [UInt8]) {
        Sodium.ready
        var publicKey = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        var secretKey = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        let result = crypto_sign_seed_keypair(&publicKey, &secretKey, seed)
        precondition(result == 0, "crypto_sign_seed_keypair refused a seed of the right size")
        self.publicKey = publicKey
        secret = SecretBytes(secretKey)
        seedSecret = SecretBytes(seed)
        sodium_memzero(&secretKey, secretKey.count)
    }

    /// 32 bytes that ``init(seed:)`` takes. Secret.
    var seed: [UInt8] { seedSecret.copy }

    /// The secret as libsodium wants it: seed and public key.
    func withSecret<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { secret.withBytes(body) }

    /// 64 bytes over domain, mesh and `bytes`.
    func sign(_ bytes: [UInt8], domain: SignatureDomain, mesh: MeshID) -> [UInt8] {
        let message = domain.message(bytes, mesh: mesh)
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        let result = secret.withBytes { crypto_sign_detached(&signature, nil, message, UInt64(message.count), $0) }
        precondition(result == 0, "crypto_sign_detached failed")
        return signature
    }

    /// Whether the owner of `publicKey` signed `bytes` for that domain and mesh.
    static func verify(_ signature: [UInt8], of bytes: [UInt8], domain: SignatureDomain, mesh: MeshID, publicKey: [UInt8]) -> Bool {
        Sodium.verify(signature, domain.message(bytes, mesh: mesh), publicKey: publicKey)
    }
}
