import Foundation

/// One message of the handshake as it travels; the frame around it is ``PairingFrames``.
extension WirePairingMessage {
    /// - Throws: ``PairingError/malformed``.
    init(_ bytes: [UInt8]) throws(PairingError) {
        guard let message = WirePairingMessage(untrusted: bytes) else { throw .malformed }
        self = message
    }

    init(_ content: OneOf_Content) {
        self.init()
        self.content = content
    }

    static func share(_ bytes: [UInt8]) -> [UInt8] { WirePairingMessage(.share(Data(bytes))).wireBytes }
    static func tag(_ bytes: [UInt8]) -> [UInt8] { WirePairingMessage(.tag(Data(bytes))).wireBytes }
    static func proof(tag: [UInt8], signature: [UInt8]) -> [UInt8] {
        var proof = WirePairingProof()
        proof.tag = Data(tag)
        proof.signature = Data(signature)
        return WirePairingMessage(.proof(proof)).wireBytes
    }
    static func box(_ bytes: [UInt8]) -> [UInt8] { WirePairingMessage(.box(Data(bytes))).wireBytes }

    static func refusal(_ reason: PairingRefusal, retryAfter: Duration = .zero) -> [UInt8] {
        var refusal = WirePairingRefusal()
        refusal.reason = reason.rawValue
        refusal.retryAfterSeconds = UInt32(clamping: retryAfter.seconds)
        return WirePairingMessage(.refusal(refusal)).wireBytes
    }
}

/// Why a new node ends a handshake, as it tells the other side.
enum PairingRefusal: UInt32, Sendable {
    case busy = 1
    case paused = 2
    case wrongCode = 3
    case noCommonVersion = 4
    case notUnderstood = 5
    case notKept = 6
}

extension PairingError {
    /// What the other side's refusal means for us. Whoever answers may be anybody, so a pause is believed up to 5 minutes.
    init(_ wire: WirePairingRefusal) {
        let wait = Duration.seconds(Int(min(wire.retryAfterSeconds, 300)))
        switch PairingRefusal(rawValue: wire.reason) {
        case .busy: self = .busy
        case .paused: self = .paused(wait)
        case .wrongCode: self = .wrongCode(retryAfter: wait)
        case .noCommonVersion: self = .noCommonVersion
        case .notKept: self = .notKept
        case .notUnderstood, nil: self = .malformed
        }
    }
}
