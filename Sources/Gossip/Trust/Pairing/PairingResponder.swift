import Foundation

/// The new node's side of pairing (mesh.md §2, role B): shows that it knows its code to who shows the same, and takes what it is given.
///
/// A value without input or output. The order of its steps is the protection: a try is counted on the disk before the other side learns
/// anything from it, and nothing of a mesh is believed before both tags are verified.
package struct PairingResponder: Sendable {
    package enum Step: Sendable {
        case send([UInt8])
        /// Count a failed try where a power cut does not lose it; only then send this.
        case count(thenSend: [UInt8])
        /// Keep this on the disk; then send ``acknowledgement``, and the handshake is over.
        case join(PairingWelcome)
    }

    private enum State {
        case hello
        case share(PairingTranscript)
        case tag(PairingTranscript, PairingKeys)
        case welcome(PairingTranscript, PairingKeys)
        case kept(PairingKeys)
        case over
    }

    private let code: SetupCode
    private let own: NodeIdentity.Public
    private let name: String
    private let sign: @Sendable ([UInt8], MeshID) -> [UInt8]
    private var state = State.hello

    package init(identity: NodeIdentity, name: String, code: SetupCode) {
        self.init(own: identity.public, name: name, code: code) { identity.sign($0, domain: .pairing, mesh: $1) }
    }

    /// - Parameter sign: in the domain ``SignatureDomain/pairing``, with the secret of `own`'s sign key.
    init(own: NodeIdentity.Public, name: String, code: SetupCode, sign: @escaping @Sendable ([UInt8], MeshID) -> [UInt8]) {
        self.own = own
        self.name = name
        self.sign = sign
        self.code = code
    }

    /// Whether the other side has said who it is, in whole; until then it has no right to this node's time.
    package var hasBegun: Bool { if case .hello = state { false } else { true } }

    /// Whether the other side has shown that it knows the code, and may say more.
    package var expectsWelcome: Bool { if case .welcome = state { true } else { false } }

    /// - Throws: ``PairingError``; the handshake is over then.
    package mutating func receive(_ bytes: [UInt8]) throws(PairingError) -> Step {
        let state = self.state
        self.state = .over
        let message = try WirePairingMessage(bytes)
        switch (state, message.content) {
        case (.hello, .hello(let wire)):
            let hello = try PairingHello(wire)
            let answer = PairingHello(node: own, name: name)
            let sent = WirePairingMessage(.helloBack(answer.wire)).wireBytes
            self.state = .share(PairingTranscript(a: hello, b: answer, messageA: bytes, messageB: sent))
            return .send(sent)
        case (.share(let transcript), .share(let share)):
            let exchange = transcript.exchange(code)
            guard Array(share) != exchange.share else { throw .malformed }
            let keys = try PairingKeys(transcript, own: exchange, shareA: Array(share), shareB: exchange.share)
            self.state = .tag(transcript, keys)
            return .count(thenSend: WirePairingMessage.share(exchange.share))
        case (.tag(let transcript, let keys), .tag(let tag)):
            guard keys.isTagA(Array(tag)) else { throw .wrongCode(retryAfter: .zero) }
            self.state = .welcome(transcript, keys)
            return .send(WirePairingMessage.proof(tag: keys.tagB, signature: sign(keys.proof, transcript.proofMesh)))
        case (.welcome(let transcript, let keys), .box(let box)):
            guard let content = SecretStream.open(Array(box), key: keys.fromA) else { throw .malformed }
            let welcome = try PairingWelcome(untrusted: content, own: own, member: transcript.a.node.id)
            self.state = .kept(keys)
            return .join(welcome)
        default:
            throw .malformed
        }
    }

    /// That everything is on the disk. `nil` before ``Step/join(_:)``.
    package var acknowledgement: [UInt8]? {
        guard case .kept(let keys) = state else { return nil }
        return WirePairingMessage.box(SecretStream.seal(WirePairingJoined().wireBytes, key: keys.fromB))
    }
}
