import Foundation

/// A member's first word to whoever asks to join: its key, and a nonce to be signed. Nothing of it is proven; the answer is.
public struct JoinOffer: Sendable, Hashable {
    static let version: UInt32 = 1

    /// Ed25519.
    public let member: [UInt8]
    let nonce: [UInt8]

    init(member: [UInt8], nonce: [UInt8]) {
        self.member = member
        self.nonce = nonce
    }

    /// - Throws: ``JoinError/malformed``, ``JoinError/version``.
    public init(untrusted bytes: [UInt8]) throws(JoinError) {
        guard bytes.count <= 1024, let wire = WireJoinOffer(untrusted: bytes) else { throw .malformed }
        guard wire.version == Self.version else { throw .version }
        guard wire.member.count == 32, wire.nonce.count == JoinClaim.nonceSize else { throw .malformed }
        self.init(member: Array(wire.member), nonce: Array(wire.nonce))
    }

    var bytes: [UInt8] {
        var wire = WireJoinOffer()
        wire.version = Self.version
        wire.member = Data(member)
        wire.nonce = Data(nonce)
        return wire.wireBytes
    }
}
