import Foundation
import Testing

@testable import Gossip

/// Tickets and another root: who came by a ticket goes on to belong, the tickets do not, and a thief's guests stay behind.
@Suite struct TicketRotationTests {
    private let samples = TicketSamples()
    private var mesh: TestMesh { samples.mesh }

    @Test func guestsAreCarriedAndTicketsEnd() {
        let (honest, doubtful, late) = (samples.newcomers[0], samples.newcomers[1], samples.newcomers[2])
        let (good, thief) = (mesh.identities[1], mesh.identities[2])
        var roster = mesh.roster
        roster.merge([
            samples.ticket(0), samples.ticket(1), samples.admission(of: honest, ticket: 0, by: good), samples.admission(of: doubtful, ticket: 1, by: thief),
        ])
        let (root, rotation) = mesh.root.replaced(in: roster, revoking: [thief.id])
        roster.merge([rotation])
        #expect(roster.currentRootPublicKey == root.publicKey && roster.admission(of: honest.id) != nil)
        #expect(roster.admission(of: doubtful.id) == nil, "let in by the stolen one alone")
        // Neither the old tickets nor what anybody signs with them counts any more, told again or new.
        roster.merge([samples.ticket(0), samples.admission(of: late, ticket: 0, by: good), samples.admission(of: doubtful, ticket: 1, by: good)])
        #expect(roster.tickets.isEmpty && roster.admission(of: late.id) == nil && roster.admission(of: doubtful.id) == nil)
        // The new root's do.
        let key = TicketKey()
        #expect(roster.merge([root.ticket(key, uses: 1, name: "new", serial: roster.nextSerial)]).isEmpty && roster.tickets.count == 1)
    }

    /// More came by a ticket than may: nobody of them is carried before a person has looked.
    @Test func anOverrunIsNotCarried() {
        var roster = mesh.roster
        roster.merge([samples.ticket(0, uses: 1)])
        for (newcomer, member) in zip(samples.newcomers.prefix(2), mesh.identities) { roster.merge([samples.admission(of: newcomer, ticket: 0, by: member)]) }
        #expect(roster.tickets[0].isOverrun)
        roster.merge([mesh.root.replaced(in: roster).record])
        #expect(samples.newcomers.prefix(2).allSatisfy { roster.admission(of: $0.id) == nil } && roster.members.count == 10)
    }

    /// Tickets, admissions by them, revocations and rotations in any order come to the same.
    @Test(arguments: 0..<60 as Range<UInt64>) func orderDoesNotMatter(seed: UInt64) {
        var rng = Randomness.seeded(seed)
        var grown = mesh.roster
        var records = mesh.roster.records
        func add(_ new: [SignedRecord]) {
            grown.merge(new)
            records += new
        }
        add([samples.ticket(0), samples.ticket(1, uses: 1), samples.admission(of: samples.newcomers[0], ticket: 0, by: mesh.identities[1])])
        if Bool.random(using: &rng) { add([samples.admission(of: samples.newcomers[1], ticket: 1, by: samples.newcomers[0])]) }
        if Bool.random(using: &rng) { add([mesh.root.revoke(mesh.identities[3].id, serial: 60)]) }
        let (root, rotation) = mesh.root.replaced(in: grown, revoking: Bool.random(using: &rng) ? [mesh.identities[1].id] : [])
        let late = [samples.admission(of: samples.newcomers[3], ticket: 0, by: mesh.identities[4]), samples.ticket(2)]
        records += late
        let key = TicketKey()
        add([rotation, root.ticket(key, uses: 1, name: "after", serial: 900)])
        for _ in 0..<4 {
            var other = Roster(genesis: mesh.genesis)
            // Twice: what was given up for lack of its root is told again.
            for record in records.shuffled(using: &rng) + records.shuffled(using: &rng) { other.merge([record]) }
            #expect(other == grown && other.members.map(\.id) == grown.members.map(\.id), "seed \(seed)")
            #expect(other.tickets.map(\.ticket.id) == grown.tickets.map(\.ticket.id), "seed \(seed)")
        }
    }

    /// An admin who has not heard of the new root writes the users' list with the former sealed keys: it does not win.
    @Test func settingsWithoutTheNewRootDoNotWin() throws {
        let (_, rotation) = mesh.root.replaced(in: mesh.roster)
        var here = SimMesh(2, seed: 1)
        here.run(.seconds(5))
        here.block(0, 1)
        here.act(1) { instance, _ in
            // Twice, so that its counter is higher than a plain next one here.
            (0..<3).flatMap { number in (try? instance.setConfig("users", [UInt8(number)], by: TestMesh.shared.admin)) ?? [] }
        }
        here.act(0) { instance, now in
            (try? instance.replaceRoot([rotation], setting: ["users": [9]], by: TestMesh.shared.admin, now: now)) ?? []
        }
        #expect(here.nodes[0].instance.roster.rootEpoch == 1)
        here.network.blocked = []
        here.run(.seconds(60))
        #expect(here.nodes.map { $0.instance.config.values["users"] ?? [] } == [[9], [9]])
        #expect(here.allKnowTheSame)
    }
}
