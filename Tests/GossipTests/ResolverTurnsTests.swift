import Testing

@testable import Gossip

@Suite struct ResolverTurnsTests {
    private typealias Turn = ResolverTurns<Int>.Turn

    @Test func whatIsAnsweredGivesWay() {
        var turns = ResolverTurns<Int>(limit: 2, waitingLimit: 3)
        #expect(turns.found(1) == Turn(begin: 1))
        #expect(turns.found(2) == Turn(begin: 2))
        #expect(turns.found(2) == Turn(), "announced again")
        #expect(turns.told(2) == Turn(), "nobody waits: it stays, and hears of changes")
        #expect(turns.told(2) == Turn())
        #expect(turns.found(3) == Turn(end: 2, begin: 3))
        #expect(turns.found(4) == Turn())
        #expect(turns.told(2) == Turn(), "a late answer of one that was ended")
        #expect(turns.told(1) == Turn(end: 1, begin: 4))
        #expect(turns.found(1) == Turn(), "announced anew: it waits")
        #expect(turns.lost(3) == Turn(end: 3, begin: 1))
    }

    @Test func whoeverLeavesWaitsNoMore() {
        var turns = ResolverTurns<Int>(limit: 1, waitingLimit: 3)
        #expect(turns.found(1) == Turn(begin: 1))
        #expect(turns.found(2) == Turn())
        #expect(turns.lost(2) == Turn())
        #expect(turns.lost(1) == Turn(end: 1))
        #expect(turns.lost(1) == Turn())
        #expect(turns.found(2) == Turn(begin: 2))
    }

    /// A crowd in which nobody answers takes no more than it may have, and each in its turn.
    @Test func aCrowdIsBounded() {
        var turns = ResolverTurns<Int>(limit: 4, waitingLimit: 8)
        var open: Set<Int> = []
        func follow(_ turn: Turn) {
            if let end = turn.end { open.remove(end) }
            if let begin = turn.begin { open.insert(begin) }
        }
        for service in 0..<100 { follow(turns.found(service)) }
        #expect(open == [0, 1, 2, 3])
        for service in 0..<8 { follow(turns.told(service)) }
        #expect(open == [8, 9, 10, 11])
        for service in 8..<12 { #expect(turns.told(service) == Turn()) }
        #expect(turns.found(100) == Turn(end: 8, begin: 100), "the one that was answered first")
    }
}
