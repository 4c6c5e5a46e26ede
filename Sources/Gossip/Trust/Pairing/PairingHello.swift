import Crypto
import Foundation

/// What one side says of itself first, in the clear, and what came of it: everything later is bound to these bytes.
struct PairingHello: Sendable, Equatable {
    /// 2: the new node proves that the keys it shows are its own.
    static let version: UInt32 = 2
    /// CPACE-RISTR255-SHA512 with HMAC-SHA512 confirmation and secretstream boxes.
    static let suite: UInt32 = 1
    private static let nonceSize = 16

    let node: NodeIdentity.Public
    /// For people.
    let name: String
    let nonce: [UInt8]
    let suites: [UInt32]

    init(node: NodeIdentity.Public, name: String) {
        self.node = node
        self.name = name
        nonce = secureRandomBytes(Self.nonceSize)
        suites = [Self.suite]
    }

    /// - Throws: ``PairingError/malformed``, ``PairingError/noCommonVersion``.
    init(_ wire: WirePairingHello) throws(PairingError) {
        guard wire.version == Self.version, wire.suites.prefix(16).contains(Self.suite) else { throw .noCommonVersion }
        let signKey = Array(wire.signKey)
        guard signKey.count == 32, wire.dhKey.count == 32, wire.tlsKeyHash.count == 32, wire.nonce.count == Self.nonceSize,
            let id = NodeID(bytes: blake2b(signKey, length: 16))
        else { throw .malformed }
        node = NodeIdentity.Public(
            id: id, signPublicKey: signKey, dhPublicKey: Array(wire.dhKey), tlsKeyHash: Array(wire.tlsKeyHash),
            hardware: wire.hardware.cut(toUTF8: 64))
        name = wire.name.cut(toUTF8: 63)
        nonce = Array(wire.nonce)
        suites = wire.suites
    }

    var wire: WirePairingHello {
        var wire = WirePairingHello()
        wire.version = Self.version
        wire.suites = suites
        wire.signKey = Data(node.signPublicKey)
        wire.dhKey = Data(node.dhPublicKey)
        wire.tlsKeyHash = Data(node.tlsKeyHash)
        wire.nonce = Data(nonce)
        wire.hardware = node.hardware
        wire.name = name
        return wire
    }
}

/// Both hellos as they were sent. A is the member where the code was typed, B the new node (mesh.md §2).
struct PairingTranscript: Sendable {
    let a: PairingHello
    let b: PairingHello
    let messageA: [UInt8]
    let messageB: [UInt8]

    /// `sid`.
    var session: [UInt8] { a.nonce + b.nonce }

    /// `CI`: a hello that was altered on its way, or keys of somebody in between, lead to different session keys.
    var channel: [UInt8] {
        lengthValue(Array("meshcam-pair-1".utf8)) + lengthValue(Array(SHA512.hash(data: messageA + messageB)))
            + lengthValue(a.node.signPublicKey + a.node.dhPublicKey) + lengthValue(b.node.signPublicKey + b.node.dhPublicKey)
    }

    /// What the new node signs to show that its keys are its own: both hellos and both shares, so that no signature of another pairing
    /// fits. Its sign key vouches for the others, which are in its hello.
    func proof(shareA: [UInt8], shareB: [UInt8]) -> [UInt8] {
        lengthValue(channel) + lengthValue(session) + lengthValue(shareA) + lengthValue(shareB)
    }

    /// In whose name the new node signs it: it belongs to no mesh yet.
    var proofMesh: MeshID { b.node.id.aloneMesh }

    func exchange(_ code: SetupCode) -> CPace { CPace(password: code.password, channel: channel, session: session) }
}

/// What both know after the shares: the session key, what confirms it, and the keys of the boxes.
struct PairingKeys: Sendable {
    private let session: [UInt8]
    private let sessionKey: SecretBytes
    private let a: CPace.Contribution
    private let b: CPace.Contribution
    /// See ``PairingTranscript/proof(shareA:shareB:)``.
    let proof: [UInt8]

    /// - Throws: ``PairingError/malformed`` for a share that the draft says to abort on.
    init(_ transcript: PairingTranscript, own: CPace, shareA: [UInt8], shareB: [UInt8]) throws(PairingError) {
        guard let secret = own.secret(with: own.share == shareA ? shareB : shareA) else { throw .malformed }
        session = transcript.session
        proof = transcript.proof(shareA: shareA, shareB: shareB)
        a = CPace.Contribution(share: shareA, data: Array("A".utf8))
        b = CPace.Contribution(share: shareB, data: Array("B".utf8))
        sessionKey = CPace.sessionKey(session: session, secret: secret, initiator: a, responder: b)
    }

    var tagA: [UInt8] { CPace.tag(of: a, session: session, sessionKey: sessionKey) }
    var tagB: [UInt8] { CPace.tag(of: b, session: session, sessionKey: sessionKey) }
    func isTagA(_ tag: [UInt8]) -> Bool { CPace.isTag(tag, of: a, session: session, sessionKey: sessionKey) }
    func isTagB(_ tag: [UInt8]) -> Bool { CPace.isTag(tag, of: b, session: session, sessionKey: sessionKey) }

    /// From member to newcomer.
    var fromA: SecretBytes { boxKey("meshcam/a2b") }
    /// From newcomer to member.
    var fromB: SecretBytes { boxKey("meshcam/b2a") }

    private func boxKey(_ label: String) -> SecretBytes {
        SecretBytes(blake2b(Array(label.utf8) + session, length: SecretStream.keySize, key: sessionKey.copy))
    }
}
