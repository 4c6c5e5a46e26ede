import Foundation
import Testing

@testable import Gossip

/// What a member with valid keys may cost the others: bytes, memory and signatures to verify.
@Suite struct CostTests {
    private let mesh = TestMesh.shared

    /// An accusation with a thousand bytes of fields that nobody knows fits no ping, so that the accused could never refute it. It counts for
    /// nothing, and no probe of the accused is too large for a packet.
    @Test(arguments: [40, 900, 1100]) func aPaddedAccusationCountsForNothing(padding: Int) throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let victim = try #require(sim.nodes[0].instance.membership.standing(of: sim.id(2)))
        let claim = Claim(subject: sim.id(2), standing: Standing(status: .suspect, incarnation: victim.incarnation), author: sim.id(1))
        let frame = Frame.padded(claim, by: padding) { mesh.identities[1].sign($0, domain: .claim, mesh: mesh.genesis.meshID) }
        let signed = try #require(WireSigned(untrusted: frame.body))
        let before = sim.drops(0, .malformed)
        let author = sim.id(1)
        sim.act(0) { $0.accept(claim: signed, from: author, now: $1) }
        #expect(sim.drops(0, .malformed) == before + 1)
        #expect(sim.nodes[0].instance.membership.standing(of: sim.id(2))?.status == .alive)
        // By TLS, where any size would pass.
        sim.act(0) { $0.accept(claims: [signed], until: .max, now: $1) }
        #expect(sim.nodes[0].instance.state.evidence[sim.id(2)]?.accusation == nil)
    }

    /// Frames of any size to all addresses are split into packets as everywhere.
    @Test func whatGoesEverywhereIsSplitToo() {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        let frames = (0..<4).map { _ in Frame(kind: .want, body: [UInt8](repeating: 0, count: 600)) }
        var packets = 0
        let to = sim.id(1)
        sim.act(0) { instance, now in
            let actions = instance.sendEverywhere(frames, to: to, now: now)
            for case .send(let packet, _) in actions where packet.count <= PacketCodec.limit { packets += 1 }
            return []
        }
        #expect(packets > 0 && packets % 4 == 0)
    }

    /// What is signed of a record may hold no more than its content needs, and a relay may put nothing around it.
    @Test func recordsCarryNothingBesideTheirContent() throws {
        var sim = SimMesh(2, seed: 1)
        sim.run(.seconds(5))
        func frame(padding: Int, around: Int) -> WireRecordFrame {
            var content = WireRecordBody()
            content.kind = UInt32(RecordKind.cameras.rawValue)
            content.boot = 1
            content.n = 1000
            content.body = Data([1])
            let bytes = content.wireBytes + Self.unknownField(padding)
            let signature = mesh.identities[1].sign(bytes, domain: .record, mesh: mesh.genesis.meshID)
            var frame = WireRecordFrame()
            frame.record = WireSigned(body: bytes, signature: signature, signer: sim.id(1).bytes)
            if around > 0, let wrapped = WireSigned(untrusted: frame.record.wireBytes + Self.unknownField(around)) { frame.record = wrapped }
            return frame
        }
        for (padding, around) in [(100_000, 0), (0, 5)] {
            let before = sim.drops(0, .malformed)
            let padded = frame(padding: padding, around: around)
            sim.act(0) { $0.accept(record: padded, now: $1) }
            #expect(sim.drops(0, .malformed) == before + 1)
        }
        // A later version's field within the signed bytes is kept and passed on.
        let extended = frame(padding: 20, around: 0)
        sim.act(0) { $0.accept(record: extended, now: $1) }
        #expect(sim.nodes[0].instance.state.record(sim.id(1), .cameras)?.version.n == 1000)
    }

    /// A setting that a relay made longer around what the admin signed is refused: it would be kept on every disk.
    @Test func settingsCarryNothingBesideTheirContent() throws {
        let (admin, roster) = (mesh.admin, mesh.roster)
        let body = SharedConfig().next("simulated", [1], adminKey: admin.publicKey)
        let signed = WireSigned(body: body, signature: admin.key.sign(body, domain: .config, mesh: roster.meshID), signer: admin.publicKey)
        #expect(SharedConfig.verify(signed, roster: roster))
        let wrapped = try #require(WireSigned(untrusted: signed.wireBytes + Self.unknownField(50)))
        #expect(!SharedConfig.verify(wrapped, roster: roster))
        let another = WireSigned(body: body, signature: Array(signed.signature), signer: [UInt8](repeating: 1, count: 32))
        #expect(!SharedConfig.verify(another, roster: roster))
    }

    /// Forged signatures cost a few verifications a second, and then nothing signed is read until its sender has been quiet.
    @Test func forgersAreNotReadFor() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let standing = try #require(sim.nodes[0].instance.membership.standing(of: sim.id(2)))
        let claim = Claim(subject: sim.id(2), standing: Standing(status: .suspect, incarnation: standing.incarnation), author: sim.id(1))
        let forged = Frame.claim(claim, signature: [UInt8](repeating: 1, count: 64))
        let genuine = Frame.claim(claim, signature: mesh.identities[1].sign(claim.body, domain: .claim, mesh: mesh.genesis.meshID))
        let before = (sim.drops(0, .forged), sim.drops(0, .unheeded))
        for _ in 0..<100 { say(forged, in: &sim) }
        #expect(sim.drops(0, .forged) - before.0 == VerificationBudget.perSecond)
        #expect(sim.drops(0, .unheeded) - before.1 == 100 - VerificationBudget.perSecond)
        say(genuine, in: &sim)
        #expect(sim.status(of: 2, at: 0) == .alive)
        // What nobody signed is read all the same, so it is not held for dead; and after a second its word counts again.
        sim.run(.seconds(1))
        #expect(sim.status(of: 1, at: 0) == .alive)
        say(genuine, in: &sim)
        #expect(sim.status(of: 2, at: 0) == .suspect)
    }

    /// Node 1 sends that to node 0.
    private func say(_ frame: Frame, in sim: inout SimMesh) {
        let to = sim.id(0)
        var packet: [UInt8]?
        sim.act(1) { instance, _ in
            packet = instance.seal(.frames, [frame], for: to)
            return []
        }
        guard let packet else { return }
        sim.act(0) { $0.receive(packet, from: SimMesh.address(of: 1), now: $1) }
    }

    /// True words about itself without end are verified eight times a second; nobody's limit is used up by what others make up of it.
    @Test func newWordsWithoutEndAreNotReadFor() throws {
        var sim = SimMesh(3, seed: 1)
        sim.run(.seconds(5))
        let own = try #require(sim.nodes[0].instance.membership.standing(of: sim.id(1))).incarnation.number
        func say(_ number: UInt32, genuine: Bool) {
            let standing = Standing(status: .alive, incarnation: Incarnation(boot: 1, number: number))
            let claim = Claim(subject: sim.id(1), standing: standing, author: sim.id(1))
            let signature = genuine ? mesh.identities[1].sign(claim.body, domain: .claim, mesh: mesh.genesis.meshID) : [UInt8](repeating: 1, count: 64)
            let signed = WireSigned(body: claim.body, signature: signature, signer: sim.id(1).bytes)
            let relay = sim.id(2)
            sim.act(0) { $0.accept(claim: signed, from: relay, now: $1) }
        }
        for number in 1...50 as ClosedRange<UInt32> { say(own + number, genuine: false) }
        for number in 1...50 as ClosedRange<UInt32> { say(own + number, genuine: true) }
        #expect(sim.nodes[0].instance.membership.standing(of: sim.id(1))?.incarnation.number == own + UInt32(VerificationBudget.perSecond))
    }

    /// Names of flags, whose characters a text has to be read backwards for, are cut as fast as others.
    @Test func longNamesAreCutInNoTime() {
        let flags = String(repeating: "🇩🇪", count: 200_000)
        #expect(flags.cut(toUTF8: 252).utf8.count == 252)
        #expect("aé".cut(toUTF8: 2) == "a")
        #expect("añb".cut(toUTF8: 3) == "añ")
        #expect("short".cut(toUTF8: 252) == "short")
        #expect("👨‍👩‍👧".cut(toUTF8: 3).isEmpty)
    }

    /// Two million empty elements in 4 MiB are counted, not decoded.
    @Test func exchangesOfEmptyElementsAreRefused() {
        var delta = WireDelta()
        delta.records = Array(repeating: WireRecordFrame(), count: ExchangeShape.elementLimit - 10)
        var request = WireExchangeRequest()
        request.delta = delta
        #expect(ExchangeShape.isBearable(request.wireBytes))
        request.delta.records += Array(repeating: WireRecordFrame(), count: 20)
        #expect(!ExchangeShape.isBearable(request.wireBytes))
        // Broken in every way a byte can be missing or too many.
        let whole = SimMesh(3, seed: 1).nodes[0].instance.digest.wireBytes
        var sample = WireExchangeRequest()
        sample.digest = WireDigest(untrusted: whole) ?? WireDigest()
        let bytes = sample.wireBytes
        #expect(ExchangeShape.isBearable(bytes))
        for length in 1..<bytes.count where WireExchangeRequest(untrusted: bytes.prefix(length)) == nil {
            #expect(!ExchangeShape.isBearable(Array(bytes.prefix(length))))
        }
        #expect(!ExchangeShape.isBearable([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))
    }

    /// Field 15, wire type 2, of so many bytes.
    private static func unknownField(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        var (length, left) = ([UInt8](), count)
        while left > 0x7f {
            length.append(UInt8(left & 0x7f) | 0x80)
            left >>= 7
        }
        return [0x7a] + length + [UInt8(left)] + [UInt8](repeating: 1, count: count)
    }
}
