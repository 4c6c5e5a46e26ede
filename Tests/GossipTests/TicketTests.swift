import Foundation
import Testing

@testable import Gossip

/// Tickets and newcomers for tests.
struct TicketSamples {
    let mesh = TestMesh.shared
    let newcomers = TestMesh(nodes: 8, name: "newcomers").identities
    let keys = (0..<3).map { _ in TicketKey() }

    func ticket(_ index: Int, uses: Int = 2) -> SignedRecord { mesh.root.ticket(keys[index], uses: uses, name: "card \(index)", serial: UInt64(20 + index)) }

    /// A newcomer's admission, as an honest member signs it.
    func admission(of newcomer: NodeIdentity, ticket: Int, by member: NodeIdentity, tlsKeyHash: [UInt8]? = nil) -> SignedRecord {
        let own = newcomer.public
        let shown = NodeIdentity.Public(
            id: own.id, signPublicKey: own.signPublicKey, dhPublicKey: own.dhPublicKey, tlsKeyHash: tlsKeyHash ?? own.tlsKeyHash, hardware: "")
        let claim = JoinClaim.bytes(
            for: shown, name: "new", ticket: keys[ticket].publicKey, member: member.signPublicKey, nonce: secureRandomBytes(JoinClaim.nonceSize))
        var body = WireAdmitByTicketBody()
        body.claim = Data(claim)
        body.ticketSignature = Data(keys[ticket].key.sign(claim, domain: .joinTicket, mesh: mesh.genesis.meshID))
        body.newcomerSignature = Data(newcomer.sign(claim, domain: .joinNewcomer, mesh: mesh.genesis.meshID))
        let bytes = body.wireBytes
        return SignedRecord(kind: .admitByTicket, body: bytes, signature: member.sign(bytes, domain: .admitByTicket, mesh: mesh.genesis.meshID))
    }

    func serial(_ record: SignedRecord) -> UInt64 { TicketAdmission(record)?.serial ?? 0 }
}

@Suite struct TicketRosterTests {
    private let samples = TicketSamples()
    private var mesh: TestMesh { samples.mesh }

    @Test func aMemberVouches() {
        let newcomer = samples.newcomers[0]
        var roster = mesh.roster
        let record = samples.admission(of: newcomer, ticket: 0, by: mesh.identities[1])
        let early = roster.merge([record])
        #expect(early.isEmpty && roster.hash == mesh.roster.hash, "it waits for its ticket")
        let changes = roster.merge([samples.ticket(0)])
        #expect(changes == [.admitted(newcomer.id)])
        #expect(roster.admission(of: newcomer.id)?.signPublicKey == newcomer.signPublicKey)
        #expect(roster.node(forTLSKeyHash: newcomer.tlsKeyHash) == newcomer.id && roster.members.count == 11)
        #expect(roster.records.count == mesh.roster.records.count + 2)
        #expect(roster.tickets.map(\.left) == [1] && roster.tickets.map(\.joined) == [[newcomer.id]] && roster.tickets[0].vouchers == [mesh.identities[1].id])
        // From the disk, in the order of digests.
        var again = Roster(genesis: mesh.genesis)
        again.merge(roster.records)
        #expect(again == roster && again.admission(of: newcomer.id) != nil)
        // The root signs it anew: it depends on nothing else any more.
        let confirmed = roster.unconfirmed.map { mesh.root.confirm($0, serial: roster.nextSerial) }
        #expect(roster.merge(confirmed) == [.renewed(newcomer.id)] && roster.unconfirmed.isEmpty)
        roster.merge([mesh.root.revoke(ticket: samples.keys[0].publicKey, serial: 40, keeping: []), mesh.root.revoke(mesh.identities[1].id, serial: 41)])
        #expect(roster.admission(of: newcomer.id) != nil)
        // A revocation of the newcomer itself is final, as for everybody.
        roster.merge([mesh.root.revoke(newcomer.id, serial: 42), record])
        #expect(roster.admission(of: newcomer.id) == nil && roster.isRevoked(newcomer.id))
    }

    @Test func revocationsEndWhatTheyDoNotKeep() {
        let kept = samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[1])
        let lost = samples.admission(of: samples.newcomers[1], ticket: 0, by: mesh.identities[1])
        // Somebody whom a lost one let in.
        let child = samples.admission(of: samples.newcomers[2], ticket: 1, by: samples.newcomers[1])
        let ends = [
            mesh.root.revoke(ticket: samples.keys[0].publicKey, serial: 30, keeping: [samples.serial(kept)]),
            mesh.root.revoke(mesh.identities[1].id, serial: 30, keeping: [samples.serial(kept)]),
        ]
        for end in ends {
            var roster = mesh.roster
            roster.merge([samples.ticket(0), samples.ticket(1), kept, lost, child])
            #expect(samples.newcomers.prefix(3).allSatisfy { roster.admission(of: $0.id) != nil })
            let changes = roster.merge([end])
            #expect(Set(changes).isSuperset(of: [.revoked(samples.newcomers[1].id), .revoked(samples.newcomers[2].id)]))
            #expect(samples.newcomers.prefix(3).map { roster.admission(of: $0.id) != nil } == [true, false, false])
            // Backdated by a thief, or played back: nothing comes of it.
            let late = samples.admission(of: samples.newcomers[3], ticket: 0, by: mesh.identities[1])
            let before = roster.hash
            #expect(roster.merge([lost, late]).isEmpty && roster.hash == before)
            // The root may still take them in.
            roster.merge([mesh.root.admit(samples.newcomers[1].public, name: "x", serial: 50)])
            #expect(samples.newcomers.prefix(3).allSatisfy { roster.admission(of: $0.id) != nil }, "and with it comes whom it let in")
        }
    }

    /// Everything at once, in any order, in pieces, through a second roster: always the same.
    @Test(arguments: UInt64(0)..<40)
    func orderDoesNotMatter(seed: UInt64) {
        let (ids, new) = (mesh.identities, samples.newcomers)
        let first = samples.admission(of: new[0], ticket: 0, by: ids[0])
        let second = samples.admission(of: new[1], ticket: 1, by: new[0])
        let third = samples.admission(of: new[2], ticket: 1, by: new[1])
        let fourth = samples.admission(of: new[3], ticket: 2, by: ids[2])
        let fifth = samples.admission(of: new[4], ticket: 2, by: ids[3])
        let forged = SignedRecord(kind: .admitByTicket, body: fourth.body, signature: first.signature)
        var records = mesh.roster.records + [
            samples.ticket(0), samples.ticket(1), samples.ticket(2), samples.ticket(2, uses: 9), first, second, third, fourth, fifth, forged,
            samples.admission(of: new[0], ticket: 0, by: ids[1]), samples.admission(of: new[5], ticket: 0, by: ids[1], tlsKeyHash: ids[7].tlsKeyHash),
            samples.admission(of: new[6], ticket: 1, by: ids[4], tlsKeyHash: new[0].tlsKeyHash),
            mesh.root.revoke(ids[2].id, serial: 60, keeping: [samples.serial(fourth)]), mesh.root.revoke(ids[3].id, serial: 61),
            mesh.root.revoke(ticket: samples.keys[1].publicKey, serial: 62, keeping: [samples.serial(second), samples.serial(third)]),
            mesh.root.admit(new[6].public, name: "by the root", serial: 63),
        ]
        if seed.isMultiple(of: 2) { records.append(mesh.root.revoke(ticket: samples.keys[1].publicKey, serial: 64, keeping: [samples.serial(third)])) }
        if seed.isMultiple(of: 3) { records.append(mesh.root.revoke(ids[2].id, serial: 65)) }
        if seed.isMultiple(of: 5) { records.append(mesh.root.admit(new[1].public, name: "again", serial: 66)) }
        var reference = Roster(genesis: mesh.genesis)
        reference.merge(records)
        var rng = Randomness.seeded(seed)
        for _ in 0..<4 {
            var one = Roster(genesis: mesh.genesis)
            for record in records.shuffled(using: &rng) { one.merge([record]) }
            #expect(one == reference && one.members == reference.members, "seed \(seed)")
            // Two that know a part each, and tell each other what counts.
            var (left, right) = (Roster(genesis: mesh.genesis), Roster(genesis: mesh.genesis))
            for record in records.shuffled(using: &rng) {
                if Bool.random(using: &rng) { left.merge([record]) } else { right.merge([record]) }
            }
            for _ in 0..<3 {
                left.merge(right.records)
                right.merge(left.records)
            }
            #expect(left == right && left == reference && left.members == reference.members, "seed \(seed)")
        }
    }

    @Test func forgeriesAreRefused() throws {
        let (newcomer, member) = (samples.newcomers[0], mesh.identities[1])
        let good = samples.admission(of: newcomer, ticket: 0, by: member)
        var roster = mesh.roster
        roster.merge([samples.ticket(0)])
        let before = roster.hash
        var bad: [SignedRecord] = []
        for index in good.body.indices {
            var body = good.body
            body[index] ^= 1
            bad.append(SignedRecord(kind: .admitByTicket, body: body, signature: good.signature))
        }
        // The outer signature is right, one inside is not.
        var body = try #require(WireAdmitByTicketBody(untrusted: good.body))
        for change in [\WireAdmitByTicketBody.ticketSignature, \.newcomerSignature] {
            var altered = body
            altered[keyPath: change] = Data(repeating: 7, count: 64)
            bad.append(SignedRecord(
                kind: .admitByTicket, body: altered.wireBytes, signature: member.sign(altered.wireBytes, domain: .admitByTicket, mesh: roster.meshID)))
        }
        // A member that signs for another, a stranger as member, another kind, nothing at all.
        bad.append(SignedRecord(kind: .admitByTicket, body: good.body, signature: mesh.identities[2].sign(good.body, domain: .admitByTicket, mesh: roster.meshID)))
        bad.append(samples.admission(of: newcomer, ticket: 0, by: samples.newcomers[5]))
        bad.append(samples.admission(of: newcomer, ticket: 1, by: member))
        bad.append(SignedRecord(kind: .admit, body: good.body, signature: good.signature))
        body.claim = Data()
        bad.append(SignedRecord(kind: .admitByTicket, body: body.wireBytes, signature: good.signature))
        let changes = roster.merge(bad)
        #expect(changes.isEmpty && roster.hash == before && roster.book.waiting.count <= TicketBook.waitingLimit)
        // A ticket that somebody else than the root signed.
        let (_, other, _) = Founding.found(name: "other")
        roster.merge([other.ticket(samples.keys[1], uses: 1, name: "", serial: 1)])
        #expect(roster.hash == before)
        #expect(roster.merge([good]) == [.admitted(newcomer.id)])
    }

    /// A member who lets many wait takes nobody's place for ever: what comes together with its ticket counts.
    @Test func waitingIsBounded() {
        var roster = mesh.roster
        let flood = (0..<TicketBook.waitingLimit * 2).map { _ in samples.admission(of: samples.newcomers[7], ticket: 2, by: samples.newcomers[6]) }
        for record in flood { roster.merge([record]) }
        #expect(roster.book.waiting.count == TicketBook.waitingLimit && roster.hash == mesh.roster.hash)
        let record = samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[0])
        #expect(roster.merge([record, samples.ticket(0)] + flood) == [.admitted(samples.newcomers[0].id)])
        #expect(roster.book.waiting.count == TicketBook.waitingLimit)
    }

    /// Old words of forgeries count as what they are, so that whoever sends them is left alone soon.
    @Test func forgeriesAreCounted() {
        var roster = mesh.roster
        roster.merge([samples.ticket(0)])
        let bad = (0..<20).map { _ in
            let good = samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[0])
            return SignedRecord(kind: .admitByTicket, body: good.body, signature: [UInt8](repeating: 1, count: 64))
        }
        var forgeries = 0
        _ = roster.merge(bad, bearing: 8, forgeries: &forgeries)
        #expect(forgeries == 8 && roster.members.count == 10)
    }

    /// Its own secret proves a newcomer's signing key alone; the other keys that it shows must be nobody's.
    @Test func nobodyTakesAMembersKey() {
        var roster = mesh.roster
        let victim = mesh.identities[7]
        roster.merge([samples.ticket(0), samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[0], tlsKeyHash: victim.tlsKeyHash)])
        #expect(roster.admission(of: samples.newcomers[0].id) == nil && roster.members.count == 10)
        #expect(roster.node(forTLSKeyHash: victim.tlsKeyHash) == victim.id)
    }

    @Test func overrunsShow() {
        var roster = mesh.roster
        roster.merge([samples.ticket(0, uses: 1)] + (0..<2).map { samples.admission(of: samples.newcomers[$0], ticket: 0, by: mesh.identities[$0]) })
        #expect(roster.tickets[0].isOverrun && roster.tickets[0].left == 0 && roster.members.count == 12)
        #expect(roster.unconfirmed.isEmpty, "a person has to look first")
        #expect(roster.tickets[0].vouchers == mesh.identities.prefix(2).map(\.id).sorted())
        roster.merge([mesh.root.revoke(ticket: samples.keys[0].publicKey, serial: 9, keeping: roster.kept(ofTicket: samples.keys[0].publicKey).serials)])
        #expect(!roster.tickets[0].isOverrun && roster.tickets[0].isRevoked && roster.members.count == 12 && roster.unconfirmed.count == 2)
    }

    /// More came than a revocation has room to name: nobody who came is lost by it.
    @Test func revokingACrowdsTicketKeepsTheCrowd() {
        let crowd = TestMesh(nodes: 101, name: "crowd").identities
        var roster = mesh.roster
        roster.merge([samples.ticket(0, uses: 100)] + crowd.map { samples.admission(of: $0, ticket: 0, by: mesh.identities[0]) })
        // Some were let in twice, by members that had not heard of each other.
        roster.merge(crowd.prefix(30).map { samples.admission(of: $0, ticket: 0, by: mesh.identities[1]) })
        #expect(roster.tickets[0].isOverrun && roster.members.count == 111)
        let kept = roster.kept(ofTicket: samples.keys[0].publicKey)
        #expect(kept.serials.count == RootKey.keptLimit && kept.crowd.count == 21)
        var after = roster
        after.merge(mesh.root.revoke(ticket: roster.tickets[0].ticket, in: roster))
        #expect(after.tickets[0].isRevoked && after.members.count == 111)
        let late = samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[0])
        after.merge([late])
        #expect(after.members.count == 111, "nobody else comes")
        // The same of the member that let them in.
        after = roster
        after.merge(mesh.root.revoke(mesh.identities[0].id, in: roster))
        #expect(after.isRevoked(mesh.identities[0].id) && after.members.count == 110)
    }
}
