import Foundation

/// The member's side of pairing (mesh.md §2, role A): knows the code that a person typed, and admits who shows that it knows it, too.
///
/// A value without input or output. Its owner carries messages, admits the newcomer when told to, and ends after ``Step/joined``.
package struct PairingInitiator: Sendable {
    package enum Step: Sendable {
        case send([UInt8])
        /// It knows the code, and the keys that it shows are its own. Admit it, keep that, then send ``welcome(_:)``.
        case admit(NodeIdentity.Public, name: String)
        /// All of it is on the newcomer's disk.
        case joined
    }

    private enum State {
        case hello
        case share(PairingTranscript, CPace)
        case tag(PairingTranscript, PairingKeys)
        case admission(PairingKeys)
        case acknowledgement(PairingKeys)
        case over
    }

    private let code: SetupCode
    private let own: PairingHello
    private let firstMessage: [UInt8]
    private var state = State.hello

    /// - Parameter name: this member's, for the newcomer's log.
    package init(own: NodeIdentity.Public, name: String, code: SetupCode) {
        self.code = code
        self.own = PairingHello(node: own, name: name)
        firstMessage = WirePairingMessage(.hello(self.own.wire)).wireBytes
    }

    /// What to begin with.
    package var hello: [UInt8] { firstMessage }

    /// - Throws: ``PairingError``; the handshake is over then.
    package mutating func receive(_ bytes: [UInt8]) throws(PairingError) -> Step {
        let state = self.state
        self.state = .over
        let message = try WirePairingMessage(bytes)
        if case .refusal(let refusal) = message.content { throw PairingError(refusal) }
        switch (state, message.content) {
        case (.hello, .helloBack(let wire)):
            let transcript = PairingTranscript(a: own, b: try PairingHello(wire), messageA: firstMessage, messageB: bytes)
            // A mirror of ourselves would know our code.
            guard transcript.b.node.signPublicKey != own.node.signPublicKey else { throw .notGenuine }
            let exchange = transcript.exchange(code)
            self.state = .share(transcript, exchange)
            return .send(WirePairingMessage.share(exchange.share))
        case (.share(let transcript, let exchange), .share(let share)):
            guard Array(share) != exchange.share else { throw .notGenuine }
            let keys = try PairingKeys(transcript, own: exchange, shareA: exchange.share, shareB: Array(share))
            self.state = .tag(transcript, keys)
            return .send(WirePairingMessage.tag(keys.tagA))
        case (.tag(let transcript, let keys), .proof(let proof)):
            guard keys.isTagB(Array(proof.tag)) else { throw .notGenuine }
            let newcomer = transcript.b.node
            guard
                SigningKey.verify(
                    Array(proof.signature), of: keys.proof, domain: .pairing, mesh: transcript.proofMesh, publicKey: newcomer.signPublicKey)
            else { throw .notAdmitted("this camera did not prove that the keys it shows are its own; it may not be what it says") }
            self.state = .admission(keys)
            return .admit(transcript.b.node, name: transcript.b.name)
        case (.acknowledgement(let keys), .box(let box)):
            guard SecretStream.open(Array(box), key: keys.fromB) != nil else { throw .malformed }
            return .joined
        default:
            throw .malformed
        }
    }

    /// What the newcomer needs, sealed for it alone. `nil` before ``Step/admit(_:name:)``.
    package mutating func welcome(_ welcome: PairingWelcome) -> [UInt8]? {
        guard case .admission(let keys) = state else { return nil }
        state = .acknowledgement(keys)
        return WirePairingMessage.box(SecretStream.seal(welcome.wire.wireBytes, key: keys.fromA))
    }
}
