import CSodium
import Foundation

/// The keys that the mesh's shared secrets are sealed with (a NAS password, say), as the configuration carries them: each sealed for every
/// member, so that any node can use the secret and nobody else (mesh.md §1).
///
/// Each revocation begins another epoch, which the revoked node never gets. What it knew before it still knows: the secrets themselves
/// have to be changed where they came from.
public struct SealedDataKeys: Sendable {
    /// Earlier epochs are forgotten; whatever was sealed with them has to be set again. In a mesh of hundreds sooner, so that the value stays
    /// one that the configuration takes.
    static let epochLimit = 8
    /// More members than a roster has are not read.
    private static let boxLimit = Roster.limit

    private var config: DataKeyConfig

    /// None yet.
    public init() { config = DataKeyConfig() }

    /// A value of the shared configuration. `nil` for what is none.
    public init?(_ bytes: [UInt8]) {
        guard let config = DataKeyConfig(untrusted: bytes), config.epochs.count <= Self.epochLimit,
            config.epochs.allSatisfy({ $0.id.count == DataKey.idSize && $0.boxes.count <= Self.boxLimit }),
            zip(config.epochs, config.epochs.dropFirst()).allSatisfy({ $0.number < $1.number })
        else { return nil }
        self.config = config
    }

    /// For the shared configuration.
    public var bytes: [UInt8] { config.wireBytes }

    /// The newest epoch; 0 before the first one.
    public var epoch: UInt32 { config.epochs.last?.number ?? 0 }

    /// Begins another epoch, for these members alone.
    public mutating func renew(for members: [Admission]) {
        let key = DataKey(epoch: epoch == .max ? epoch : epoch + 1, secret: SecretBytes(secureRandomBytes(DataKey.size)))
        var entry = DataKeyConfig.Epoch()
        entry.number = key.epoch
        entry.id = Data(key.id)
        let ids = Set(members.map(\.id))
        for place in config.epochs.indices {
            config.epochs[place].boxes.removeAll { box in NodeID(bytes: box.node).map { !ids.contains($0) } ?? true }
        }
        config.epochs = Array(config.epochs.filter { $0.number < key.epoch }.suffix(Self.epochLimit - 1)) + [entry]
        seal(key, at: config.epochs.count - 1, for: members)
        forgetWhatDoesNotFit()
    }

    /// Gives every key that `identity` can open to the members who lack it. Answers whether any did.
    public mutating func complete(for members: [Admission], by identity: NodeIdentity) -> Bool {
        var changed = false
        for place in config.epochs.indices {
            let holders = Set(config.epochs[place].boxes.map { Array($0.node) })
            let lacking = members.filter { !holders.contains($0.id.bytes) }
            guard !lacking.isEmpty, let key = open(place, identity) else { continue }
            changed = seal(key, at: place, for: lacking) || changed
        }
        if changed { forgetWhatDoesNotFit() }
        return changed
    }

    /// The newest epoch alone has room for 2,000 members, as a rotation has.
    private mutating func forgetWhatDoesNotFit() {
        while config.epochs.count > 1, bytes.count > SharedConfig.valueLimit { config.epochs.removeFirst() }
    }

    /// What that member can open.
    public func keyring(of identity: NodeIdentity) -> DataKeyring {
        DataKeyring(keys: config.epochs.indices.compactMap { open($0, identity) })
    }

    private func open(_ place: Int, _ identity: NodeIdentity) -> DataKey? {
        let entry = config.epochs[place]
        guard let box = entry.boxes.first(where: { Array($0.node) == identity.id.bytes }),
            let secret = SealedBox.open(Array(box.sealed), publicKey: identity.dhPublicKey, secret: identity.dhSecret), secret.count == DataKey.size
        else { return nil }
        let key = DataKey(epoch: entry.number, secret: secret)
        return key.id == Array(entry.id) ? key : nil
    }

    @discardableResult
    private mutating func seal(_ key: DataKey, at place: Int, for members: [Admission]) -> Bool {
        let boxes = members.compactMap { member -> DataKeyConfig.Box? in
            guard let sealed = SealedBox.seal(key.secret.copy, to: member.dhPublicKey) else { return nil }
            var box = DataKeyConfig.Box()
            box.node = Data(member.id.bytes)
            box.sealed = Data(sealed)
            return box
        }
        config.epochs[place].boxes += boxes
        return !boxes.isEmpty
    }
}

/// The data keys that this node can use.
public struct DataKeyring: Sendable, CustomStringConvertible {
    private static let version: UInt8 = 1
    private static let nonceSize = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let overhead = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
    /// Version, epoch and key id, which also tell apart two epochs of one number that two admins began at once.
    private static let headerSize = 1 + 4 + DataKey.idSize

    /// Oldest first.
    fileprivate let keys: [DataKey]

    public var description: String { "<\(keys.count) data keys>" }

    /// With the newest key: `version 1 | epoch 4 | key id 16 | nonce 24 | XChaCha20-Poly1305`.
    ///
    /// - Parameter purpose: what it is for, such as `nas-password <target>`; nothing sealed for one purpose opens as another.
    /// - Returns: `nil` when this node has no key.
    public func seal(_ value: [UInt8], purpose: String) -> [UInt8]? {
        guard let key = keys.last else { return nil }
        let header = [Self.version] + key.name
        let nonce = secureRandomBytes(Self.nonceSize)
        let context = header + Array(purpose.utf8)
        var sealed = [UInt8](repeating: 0, count: value.count + Self.overhead)
        let result = key.secret.withBytes {
            crypto_aead_xchacha20poly1305_ietf_encrypt(
                &sealed, nil, value, UInt64(value.count), context, UInt64(context.count), nil, nonce, $0)
        }
        precondition(result == 0, "XChaCha20-Poly1305 refused valid sizes")
        return header + nonce + sealed
    }

    /// `nil` for another purpose, for a key that this node does not have, and for bytes that were altered.
    public func open(_ bytes: [UInt8], purpose: String) -> [UInt8]? {
        guard bytes.count >= Self.headerSize + Self.nonceSize + Self.overhead, bytes[0] == Self.version else { return nil }
        let header = Array(bytes[0..<Self.headerSize])
        guard let key = keys.first(where: { $0.name == Array(header.dropFirst()) }) else { return nil }
        let nonce = Array(bytes[Self.headerSize..<Self.headerSize + Self.nonceSize])
        let sealed = Array(bytes[(Self.headerSize + Self.nonceSize)...])
        let context = header + Array(purpose.utf8)
        // One byte more, so that there is an address even for an empty content.
        var value = [UInt8](repeating: 0, count: sealed.count - Self.overhead + 1)
        let result = key.secret.withBytes {
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                &value, nil, nil, sealed, UInt64(sealed.count), context, UInt64(context.count), nonce, $0)
        }
        return result == 0 ? Array(value.dropLast()) : nil
    }
}

/// One epoch's key.
struct DataKey: Sendable {
    static let size = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    static let idSize = 16

    let epoch: UInt32
    let secret: SecretBytes

    /// Tells keys apart without telling them.
    var id: [UInt8] { blake2b(secret.copy, length: Self.idSize) }

    /// Epoch and id, as sealed values begin.
    var name: [UInt8] { epoch.bigEndianBytes + id }
}
