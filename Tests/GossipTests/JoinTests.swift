import Foundation
import Testing

@testable import Gossip

/// Both sides of joining with a ticket as values, with somebody in the middle who may do what he likes.
@Suite struct JoinTests {
    private let samples = TicketSamples()
    private var mesh: TestMesh { samples.mesh }
    private let now = ContinuousClock.now

    private func bundle(_ ticket: Int = 0, uses: Int = 2) throws -> (SignedRecord, JoinBundle) {
        let record = samples.ticket(ticket, uses: uses)
        return (record, try #require(JoinBundle(record: record, key: samples.keys[ticket], root: mesh.root, genesis: mesh.genesis, seeds: [])))
    }

    private func newcomer(_ index: Int, _ bundle: JoinBundle) -> JoinNewcomer {
        JoinNewcomer(bundle: bundle, identity: samples.newcomers[index], name: "gate")
    }

    private func roster(_ records: [SignedRecord]) -> Roster {
        var roster = mesh.roster
        roster.merge(records)
        return roster
    }

    private func refusal(_ decision: JoinDesk.Decision) -> JoinRefusal? { if case .refuse(let reason) = decision { reason } else { nil } }

    /// As a member does: takes it in, keeps it, answers.
    private func serve(_ desk: inout JoinDesk, _ request: [UInt8], _ roster: inout Roster, at: ContinuousClock.Instant? = nil) -> [UInt8] {
        switch desk.consider(request, roster: roster, now: at ?? now) {
        case .refuse(let reason): return JoinAnswer.refusal(reason)
        case .known(let guest): return desk.answer(guest, roster: roster, peers: [:])
        case .admit(let record, let guest):
            roster.merge([record])
            return desk.answer(guest, roster: roster, peers: [mesh.identities[0].id: [PeerAddress(host: "10.0.0.1", port: 7462)]])
        }
    }

    /// What the member says to the newcomer's next request.
    private func ask(_ desk: inout JoinDesk, _ newcomer: JoinNewcomer, _ roster: Roster) throws -> JoinRefusal? {
        let request = newcomer.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        return refusal(desk.consider(request.bytes, roster: roster, now: now))
    }

    @Test func aNewcomerJoins() throws {
        let (record, bundle) = try bundle(uses: 1)
        var roster = roster([record])
        var desk = JoinDesk(identity: mesh.identities[0], now: now)
        let gate = newcomer(0, bundle)
        let request = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let welcome = try gate.welcome(serve(&desk, request.bytes, &roster), to: request)
        #expect(gate.isMember(of: welcome) && welcome.roster == roster && roster.admission(of: samples.newcomers[0].id)?.name == "gate")
        let directory = TemporaryDirectory()
        try welcome.save(in: directory.path)
        #expect(try TrustStore.load(from: directory.path)?.roster == roster && PeersFile.load(from: directory.path).count == 1)
        // Its answer was lost: it asks again, and is a member already. Nobody else comes with that ticket.
        let again = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let sameWelcome = try gate.welcome(serve(&desk, again.bytes, &roster), to: again)
        #expect(gate.isMember(of: sameWelcome) && roster.members.count == 11)
        let secondTold = try ask(&desk, newcomer(1, bundle), roster)
        #expect(secondTold == .usedUp)
        // It is a full member: it takes in others.
        let (other, otherBundle) = try self.bundle(1)
        roster.merge([other])
        var ownDesk = JoinDesk(identity: samples.newcomers[0], now: now)
        let third = newcomer(2, otherBundle)
        let asked = third.request(for: try JoinOffer(untrusted: ownDesk.offer(now: now)))
        let thirdWelcome = try third.welcome(serve(&ownDesk, asked.bytes, &roster), to: asked)
        #expect(third.isMember(of: thirdWelcome))
    }

    /// The first has not reached the roster yet when the second asks.
    @Test func aDeskCountsAtOnce() throws {
        let (record, bundle) = try bundle(uses: 1)
        let roster = roster([record])
        var desk = JoinDesk(identity: mesh.identities[0], now: now)
        let told = [try ask(&desk, newcomer(0, bundle), roster), try ask(&desk, newcomer(1, bundle), roster), try ask(&desk, newcomer(0, bundle), roster)]
        #expect(told == [nil, .usedUp, nil])
    }

    @Test func refusals() throws {
        let (record, bundle) = try bundle()
        let roster = roster([record])
        var desk = JoinDesk(identity: mesh.identities[0], now: now)
        let gate = newcomer(0, bundle)
        // Nobody knows the ticket; it was revoked; who answers is none of the mesh any more.
        var (ended, left, gone) = (roster, roster, roster)
        ended.merge([mesh.root.revoke(ticket: samples.keys[0].publicKey, serial: 30, keeping: [])])
        left.merge([mesh.root.revoke(mesh.identities[0].id, serial: 30)])
        // The newcomer was revoked.
        gone.merge([mesh.root.admit(samples.newcomers[0].public, name: "x", serial: 30), mesh.root.revoke(samples.newcomers[0].id, serial: 31)])
        let told = [
            try ask(&desk, gate, mesh.roster), try ask(&desk, gate, ended), try ask(&desk, gate, left), try ask(&desk, gate, gone),
        ]
        #expect(told == [.unknownTicket, .revoked, .noMember, .notAdmitted])
        // Too old, made up, for another member, played back.
        let old = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let madeUp = gate.request(for: JoinOffer(member: mesh.identities[0].signPublicKey, nonce: [UInt8](repeating: 0, count: 32)))
        let elsewhere = gate.request(for: try JoinOffer(untrusted: JoinDesk(identity: mesh.identities[1], now: now).offer(now: now)))
        let good = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let refusals = [(old, now + .seconds(61)), (madeUp, now), (elsewhere, now), (good, now), (good, now)].map { request, now in
            refusal(desk.consider(request.bytes, roster: roster, now: now))
        }
        #expect(refusals == [.stale, .stale, .notUnderstood, nil, .stale])
    }

    /// Cut at every place and altered in every byte: refused, and nothing is signed.
    @Test func alteredRequestsAreRefused() throws {
        let (record, bundle) = try bundle()
        let roster = roster([record])
        var desk = JoinDesk(identity: mesh.identities[0], now: now)
        let good = newcomer(0, bundle).request(for: try JoinOffer(untrusted: desk.offer(now: now))).bytes
        // The last 16 bytes are the newcomer's nonce: they bind the answer alone.
        for index in good.indices.dropLast(18) {
            var bad = good
            bad[index] ^= 0x11
            let told = [bad, Array(good.prefix(index))].map { refusal(desk.consider($0, roster: roster, now: now)) }
            #expect(!told.contains(nil), "byte \(index)")
        }
        let told = [good, [UInt8](repeating: 0xff, count: JoinDesk.requestLimit + 1)].map { refusal(desk.consider($0, roster: roster, now: now)) }
        #expect(told == [nil, .notUnderstood])
    }

    @Test func alteredAnswersAreRefused() throws {
        let (record, bundle) = try bundle()
        var roster = roster([record])
        var desk = JoinDesk(identity: mesh.identities[0], now: now)
        let gate = newcomer(0, bundle)
        let request = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let answer = serve(&desk, request.bytes, &roster)
        var rng = Randomness.seeded(3)
        for _ in 0..<200 {
            var bad = answer
            bad[Int.random(in: bad.indices, using: &rng)] ^= 1 << UInt8.random(in: 0..<8, using: &rng)
            #expect(throws: JoinError.self) { try gate.welcome(bad, to: request) }
        }
        // The answer to another question, and what was sealed for somebody else.
        let next = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        #expect(throws: JoinError.notGenuine) { try gate.welcome(answer, to: next) }
        let other = newcomer(1, bundle)
        #expect(throws: JoinError.notGenuine) { try other.welcome(answer, to: request) }
        #expect(gate.isMember(of: try gate.welcome(answer, to: request)))
        for reason in JoinRefusal.allCases {
            #expect(throws: JoinError.refused(reason)) { try gate.welcome(JoinAnswer.refusal(reason), to: request) }
            #expect(!JoinError.refused(reason).cure.isEmpty)
        }
    }

    /// Somebody in the middle with a mesh of his own, and with keys of nobody's.
    @Test func aFalseMeshIsNotBelieved() throws {
        let (record, bundle) = try bundle()
        let gate = newcomer(0, bundle)
        let (genesis, root, _) = Founding.found(name: "test")
        let mallory = TestMesh(nodes: 1, name: "mallory").identities[0]
        var roster = Roster(genesis: genesis)
        roster.merge([root.admit(mallory.public, name: "node0", serial: 1), root.admit(samples.newcomers[0].public, name: "gate", serial: 2)])
        let desk = JoinDesk(identity: mallory, now: now)
        let request = gate.request(for: try JoinOffer(untrusted: desk.offer(now: now)))
        let guest = JoinDesk.Guest(newcomer: try #require(roster.admission(of: samples.newcomers[0].id)), request: request.bytes)
        // As himself, and in the bundle's name: the signature is over another mesh, or the roster is.
        #expect(throws: JoinError.notGenuine) { try gate.welcome(desk.answer(guest, roster: roster, peers: [:]), to: request) }
        let box = try #require(WelcomeBox.seal(PairingWelcome(roster: roster, peers: [:]).wire.wireBytes, for: samples.newcomers[0].dhPublicKey))
        let signed = JoinAnswer.bytes(
            box: box, signature: mallory.sign(JoinAnswer.signedBytes(request: request.bytes, box: box), domain: .joinAnswer, mesh: bundle.meshID))
        #expect(throws: JoinError.notGenuine) { try gate.welcome(signed, to: request) }
        // A stranger with the true roster is no member, and makes nobody one, not even with a true admission in it.
        var truth = mesh.roster
        truth.merge([record, samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[0])])
        let trueBox = try #require(WelcomeBox.seal(PairingWelcome(roster: truth, peers: [:]).wire.wireBytes, for: samples.newcomers[0].dhPublicKey))
        let stranger = JoinAnswer.bytes(
            box: trueBox, signature: mallory.sign(JoinAnswer.signedBytes(request: request.bytes, box: trueBox), domain: .joinAnswer, mesh: bundle.meshID))
        #expect(throws: JoinError.notGenuine) { try gate.welcome(stranger, to: request) }
        var strangersDesk = JoinDesk(identity: mallory, now: now)
        let told = refusal(strangersDesk.consider(request.bytes, roster: truth, now: now))
        #expect(told == .noMember)
    }

    /// Mesh.md §2 with a thief: he does not tell of his revocation. With a second member's word the newcomer belongs to the true mesh.
    @Test func aRevokedMemberCannotKeepANewcomer() throws {
        let (record, bundle) = try bundle()
        let gate = newcomer(0, bundle)
        var thiefs = roster([record])
        var truth = thiefs
        truth.merge([mesh.root.revoke(mesh.identities[3].id, serial: 30)])
        var thief = JoinDesk(identity: mesh.identities[3], now: now)
        let first = gate.request(for: try JoinOffer(untrusted: thief.offer(now: now)))
        var welcome = try gate.welcome(serve(&thief, first.bytes, &thiefs), to: first)
        #expect(gate.isMember(of: welcome), "by what it knows so far")
        // Without a second opinion the others would not know it.
        var alone = truth
        alone.merge(welcome.roster.records)
        #expect(alone.admission(of: samples.newcomers[0].id) == nil && alone == truth)
        var honest = JoinDesk(identity: mesh.identities[0], now: now)
        let second = gate.request(for: try JoinOffer(untrusted: honest.offer(now: now)))
        welcome.merge(try gate.welcome(serve(&honest, second.bytes, &truth), to: second))
        #expect(gate.isMember(of: welcome) && welcome.roster == truth && welcome.roster.isRevoked(mesh.identities[3].id))
    }
}

@Suite struct JoinBundleTests {
    private let samples = TicketSamples()
    private var mesh: TestMesh { samples.mesh }

    private func bundle(seeds: [PeerAddress]) throws -> JoinBundle {
        try #require(JoinBundle(record: samples.ticket(0), key: samples.keys[0], root: mesh.root, genesis: mesh.genesis, seeds: seeds))
    }

    @Test func isReadAsItWasWritten() throws {
        let seeds = [PeerAddress(host: "192.168.1.20", port: 8443), PeerAddress(host: "2001:db8::7", port: 443), PeerAddress(host: "porch.local", port: 8443)]
        let bundle = try bundle(seeds: seeds)
        // Editors put marks and line ends around text.
        for file in [bundle.bytes, Array(bundle.text.utf8), Array("\u{feff}\(bundle.text)\r\n".utf8)] {
            let read = try JoinBundle(reading: file)
            #expect(read.ticket == bundle.ticket && read.genesis == mesh.genesis && read.seeds == seeds && read.key.publicKey == samples.keys[0].publicKey)
        }
        #expect(bundle.text.hasPrefix("meshcam-join:1:") && bundle.text.utf8.count < 900)
        let longest = (0..<20).map { PeerAddress(host: "2001:db8:1111:2222:3333:4444:5555:\(6000 + $0)", port: 8443) }
        let large = try self.bundle(seeds: longest)
        #expect(large.seeds.count == JoinBundle.seedLimit && large.text.utf8.count < 2000)
        #expect(try JoinBundle(reading: large.bytes).seeds == large.seeds)
    }

    @Test func whatIsNotWholeIsRefused() throws {
        let good = try bundle(seeds: []).bytes
        for index in good.indices {
            var bad = good
            bad[index] ^= 0x20
            #expect(throws: JoinError.self) { try JoinBundle(reading: bad) }
            #expect(throws: JoinError.self) { try JoinBundle(reading: Array(good.prefix(index))) }
        }
        for text in ["", "meshcam-join:1:", "meshcam-join:1:!!!!", "meshcam-join:1:AAAA", String(repeating: "x", count: 5000)] {
            #expect(throws: JoinError.damaged) { try JoinBundle(reading: Array(text.utf8)) }
        }
        for text in ["meshcam-join:", "meshcam-join:2:AAAA"] { #expect(throws: JoinError.version) { try JoinBundle(reading: Array(text.utf8)) } }
        // Whole, and not the root's.
        let (genesis, other, _) = Founding.found(name: "other")
        #expect(JoinBundle(record: samples.ticket(0), key: samples.keys[0], root: other, genesis: genesis, seeds: []) == nil)
        #expect(JoinBundle(record: samples.ticket(0), key: samples.keys[1], root: mesh.root, genesis: mesh.genesis, seeds: []) == nil)
    }

    /// A seed becomes part of a URL.
    @Test func seedsAreHosts() throws {
        let bad = ["a/b", "user@host", "host?x", "fe80::1%eth0", "ho st", "[::1", "ä"].map { PeerAddress(host: $0, port: 1) }
        #expect(try bundle(seeds: bad).seeds.isEmpty)
    }

    @Test func theSecretNeverShows() throws {
        let bundle = try bundle(seeds: [])
        var dumped = ""
        dump(bundle, to: &dumped)
        dump(samples.keys[0], to: &dumped)
        let seed = samples.keys[0].key.seed
        for text in ["\(bundle)", String(reflecting: bundle), "\(bundle.key)", dumped] {
            for form in [seed.hexDigits, Data(seed).base64EncodedString(), seed.prefix(6).map { "\($0)" }.joined(separator: ", ")] { #expect(!text.contains(form)) }
        }
    }

    @Test func theFileIsFoundAndWiped() throws {
        let (state, card) = (TemporaryDirectory(), TemporaryDirectory())
        let bundle = try bundle(seeds: [])
        let places = JoinBundleFile.places(named: nil, state: state.path, card: card.path)
        #expect(places == ["\(state.path)/join.bundle", "\(card.path)/join.bundle"])
        #expect(JoinBundleFile.places(named: "/usb/x", state: state.path, card: card.path) == ["/usb/x"])
        #expect(try JoinBundleFile.find(in: places) == nil)
        try Data(bundle.bytes).write(to: URL(filePath: places[1]))
        // Whoever holds the old file open sees what is written over it.
        let before = try FileHandle(forReadingFrom: URL(filePath: places[1]))
        let found = try #require(try JoinBundleFile.find(in: places))
        #expect(found.path == places[1] && found.bundle.ticket == bundle.ticket)
        try JoinBundleFile.wipe(found.path)
        #expect(try JoinBundleFile.find(in: places) == nil)
        let left = try #require(try before.readToEnd())
        #expect(left.count == bundle.bytes.count && left.allSatisfy { $0 == 0 })
        try JoinBundleFile.wipe(found.path)
        try Data("hello".utf8).write(to: URL(filePath: places[0]))
        #expect(throws: JoinError.damaged) { try JoinBundleFile.find(in: places) }
    }
}
