import Gossip

/// Somebody who is no member, or no member any more, with keys of its own, everything that a member knows of the mesh, and the wish to
/// be heard. Whoever knows that it is no member must not do anything for it but count.
struct Intruder: Sendable {
    /// What records say that somebody made in another's name; no true one begins so.
    static let forgery = Array("forged".utf8)

    private var seat: Attacker
    /// Of its records: later than any that it published while it was heard.
    private var number: UInt64 = 1 << 32

    init(_ seat: Attacker) { self.seat = seat }

    var nextAt: VirtualTime { seat.nextAt }

    mutating func speak(in mesh: inout SimulatedMesh) {
        guard let turn = seat.turn(at: mesh.time, pause: .milliseconds(100), to: .milliseconds(600)) else { return }
        let (node, target, victim) = (seat.node, turn.target, turn.victim)
        let own = mesh.nodes[node].instance
        let crypto = own.crypto
        number += 1
        switch seat.rng.below(7) {
        case 0:
            send(.record(.cameras, [4, 5, 6], of: own.id, boot: own.boot, n: number) { crypto.sign($0, domain: .record) }, to: target, in: &mesh)
        case 1:
            // In another's name, with its own signature.
            send(
                .record(.cameras, Self.forgery, of: mesh.id(victim), boot: .max, n: number) { crypto.sign($0, domain: .record) },
                to: target, in: &mesh)
        case 2:
            let standing = own.membership.standing(of: mesh.id(victim)) ?? Standing(status: .alive, incarnation: .init(boot: 1, number: 0))
            let claim = Claim(subject: mesh.id(victim), standing: Standing(status: .dead, incarnation: standing.incarnation), author: own.id)
            send(.claim(claim, signature: crypto.sign(claim.body, domain: .claim)), to: target, in: &mesh)
        case 3:
            // A true member would answer.
            send(Frame(kind: .want, body: []), to: target, in: &mesh)
        case 4:
            _ = mesh.trigger(node)
        default:
            send(.admission(of: mesh.keys.stranger, in: mesh), to: target, in: &mesh)
        }
    }

    /// It has all keys that a member has, and knows the receiver's boot.
    private func send(_ frame: Frame, to target: Int, in mesh: inout SimulatedMesh) {
        let node = seat.node
        guard mesh.nodes[node].isRunning, mesh.nodes[target].isRunning, let source = mesh.network.source(of: node) else { return }
        let boot = mesh.nodes[target].instance.boot
        guard let packet = mesh.nodes[node].instance.seal(.frames, [frame], for: mesh.id(target), destinationBoot: boot) else { return }
        mesh.inject(packet, source: source, from: node, to: target)
    }
}

extension Frame {
    /// The admission of somebody whom the root did not admit: signed by itself. In the negative control the root did sign it, as if
    /// nobody looked at signatures.
    static func admission(of stranger: NodeIdentity, in mesh: SimulatedMesh) -> Frame {
        let admission = mesh.keys.root.admit(stranger.public, name: "stranger", serial: 1)
        let signature =
            mesh.options.control == .acceptStranger
            ? admission.signature : stranger.sign(admission.body, domain: .admit, mesh: mesh.keys.genesis.meshID)
        return .roster(admission.kind, admission.body, signature: signature)
    }
}
