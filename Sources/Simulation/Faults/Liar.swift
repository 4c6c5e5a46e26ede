import Gossip

/// A member whose keys are valid and whose word is not: it accuses the living, vouches for the dead, speaks in others' names, lies
/// about the age of what it passes on, repeats what it has heard and floods. What it may achieve is that the accused have to refute; it
/// must not bring down a node, nor say anything for another, nor leave a trace once it is gone.
struct Liar: Sendable {
    private var seat: Attacker
    /// Of its forgeries: a later one is news.
    private var number: UInt64 = 0

    init(_ seat: Attacker) { self.seat = seat }

    var nextAt: VirtualTime { seat.nextAt }

    private var node: Int { seat.node }

    mutating func speak(in mesh: inout SimulatedMesh) {
        guard let turn = seat.turn(at: mesh.time, pause: .milliseconds(50), to: .milliseconds(400)) else { return }
        let (others, target, victim) = (turn.others, turn.target, turn.victim)
        let own = mesh.nodes[node].instance
        let standing = own.membership.standing(of: mesh.id(victim)) ?? Standing(status: .alive, incarnation: .init(boot: 1, number: 0))
        switch seat.rng.below(16) {
        case 0:
            accuse(victim, seat.rng.pick([.dead, .suspect]), in: standing.incarnation, author: mesh.id(node), to: target, in: &mesh)
        case 1:
            // In another's name, with its own signature.
            accuse(victim, .dead, in: standing.incarnation, author: mesh.id(seat.rng.pick(others)), to: target, in: &mesh)
        case 2:
            // An incarnation that nobody has reached.
            let far = Incarnation(boot: standing.incarnation.boot &+ 1_000_000, number: .max)
            accuse(victim, seat.rng.pick([.dead, .alive, .left]), in: far, author: mesh.id(seat.rng.pick([node, victim])), to: target, in: &mesh)
        case 3:
            number += 1
            let crypto = own.crypto
            let frame = Frame.record(seat.rng.pick([.node, .cameras]), Intruder.forgery, of: mesh.id(victim), boot: .max, n: number) {
                crypto.sign($0, domain: .record)
            }
            send([frame], to: target, in: &mesh)
        case 4:
            // Noise, some of it with a true header.
            for _ in 0..<20 {
                var bytes = (0..<seat.rng.between(0...300)).map { _ in UInt8(truncatingIfNeeded: seat.rng.next()) }
                if seat.rng.chance(0.5), bytes.count > 14 {
                    bytes.replaceSubrange(0..<6, with: [1, UInt8(seat.rng.between(1...4))] + mesh.keys.genesis.meshID.bytes.prefix(4))
                }
                inject(bytes, to: target, in: &mesh)
            }
        case 5:
            // Frames that do not read, in a packet that does.
            let kinds: [Frame.Kind] = [.ping, .ack, .pingRequest, .nack, .claim, .record, .config, .roster, .trigger, .triggerAck, .syncHash, .want]
            let body = (0..<seat.rng.between(0...200)).map { _ in UInt8(truncatingIfNeeded: seat.rng.next()) }
            send([Frame(kind: seat.rng.pick(kinds), body: body)], to: target, in: &mesh)
        case 6:
            // A trigger storm.
            for _ in 0..<15 { _ = mesh.trigger(node) }
        case 7:
            // A true packet, over and over, from elsewhere.
            guard let packet = packet([Frame(kind: .want, body: [])], to: target, in: &mesh) else { return }
            for _ in 0..<10 { inject(packet, to: target, in: &mesh) }
        case 8:
            // It vouches for somebody whom the root has not admitted, and passes on what that one says.
            send([.admission(of: mesh.keys.stranger, in: mesh)], to: target, in: &mesh)
        case 9:
            number += 1
            let stranger = mesh.keys.stranger
            let frame = Frame.record(.cameras, Intruder.forgery, of: stranger.id, boot: 1, n: number) {
                stranger.sign($0, domain: .record, mesh: mesh.keys.genesis.meshID)
            }
            send([frame], to: target, in: &mesh)
        case 10:
            bury(victim, in: standing.incarnation, everywhereBut: victim, mesh: &mesh)
        case 11:
            // The accused too: who believes that all miss it slows down, and no longer sees who is gone.
            bury(victim, in: standing.incarnation, everywhereBut: node, mesh: &mesh)
        case 12:
            for other in others where other != victim {
                accuse(victim, seat.rng.pick([.dead, .suspect]), in: standing.incarnation, author: mesh.id(node), to: other, in: &mesh)
            }
        case 13:
            // What others said is older, or younger, than it is.
            let age = seat.rng.pick([Duration.zero, .milliseconds(1), .seconds(5), .seconds(3600), .seconds(1 << 40)])
            for other in others where other != victim {
                for frame in own.records(of: mesh.id(victim), heldFor: age) { send([frame], to: other, in: &mesh) }
            }
        case 14:
            // An accusation so large that the accused would never hear of it in a ping.
            let claim = Claim(subject: mesh.id(victim), standing: Standing(status: .suspect, incarnation: standing.incarnation), author: mesh.id(node))
            let frame = Frame.padded(claim, by: 900) { own.crypto.sign($0, domain: .claim) }
            for other in others where other != victim { send([frame], to: other, in: &mesh) }
        default:
            // Its true packet for one comes to another.
            guard let packet = packet([Frame(kind: .want, body: [])], to: victim, in: &mesh) else { return }
            inject(packet, to: target, in: &mesh)
        }
    }

    /// As many accusations as a packet holds, each for the incarnation that refutes the one before, to many at once.
    private mutating func bury(_ victim: Int, in first: Incarnation, everywhereBut spared: Int, mesh: inout SimulatedMesh) {
        let statuses: [Status] = [.suspect, .dead]
        let frames = (0..<8).map { step in
            let incarnation = Incarnation(boot: first.boot, number: first.number &+ UInt32(step / 2))
            let standing = Standing(status: statuses[step % 2], incarnation: incarnation)
            let claim = Claim(subject: mesh.id(victim), standing: standing, author: mesh.id(node))
            return Frame.claim(claim, signature: mesh.nodes[node].instance.crypto.sign(claim.body, domain: .claim))
        }
        for target in 0..<seat.members where target != node && target != spared { send(frames, to: target, in: &mesh) }
    }

    private mutating func accuse(
        _ victim: Int, _ status: Status, in incarnation: Incarnation, author: NodeID, to target: Int, in mesh: inout SimulatedMesh
    ) {
        let claim = Claim(subject: mesh.id(victim), standing: Standing(status: status, incarnation: incarnation), author: author)
        let signature = mesh.nodes[node].instance.crypto.sign(claim.body, domain: .claim)
        send([.claim(claim, signature: signature)], to: target, in: &mesh)
    }

    private func packet(_ frames: [Frame], to target: Int, in mesh: inout SimulatedMesh) -> [UInt8]? {
        mesh.nodes[node].instance.seal(.frames, frames, for: mesh.id(target))
    }

    private mutating func send(_ frames: [Frame], to target: Int, in mesh: inout SimulatedMesh) {
        if let packet = packet(frames, to: target, in: &mesh) { inject(packet, to: target, in: &mesh) }
    }

    private func inject(_ packet: [UInt8], to target: Int, in mesh: inout SimulatedMesh) {
        guard mesh.nodes[node].isRunning, let source = mesh.network.source(of: node) else { return }
        mesh.inject(packet, source: source, from: node, to: target)
    }
}
