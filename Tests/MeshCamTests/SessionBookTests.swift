import Foundation
import Gossip
import Testing

@testable import MeshCam

/// Two nodes' books, and what each says to the other.
@Suite struct SessionBookTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private var later: Date { now.addingTimeInterval(3600) }
    private func session(_ user: String = "admin", expires: TimeInterval = 3600) -> SessionBook.Session {
        SessionBook.Session(user: user, role: .admin, expires: now.addingTimeInterval(expires))
    }
    private func hash(_ number: Int) -> [UInt8] { Sessions.hash("token \(number)") }

    @Test func isKnownEverywhereUntilItExpires() {
        var issuer = SessionBook()
        issuer.begin(hash(1), session(), now: now)
        #expect(issuer.find(hash(1), others: [], now: now) == session())
        let other = SessionBook()
        #expect(other.find(hash(1), others: [issuer.record], now: now) == session())
        #expect(other.find(hash(2), others: [issuer.record], now: now) == nil)
        #expect(other.find(hash(1), others: [issuer.record], now: later) == nil)
        #expect(issuer.find(hash(1), others: [], now: later) == nil)
        #expect(other.find(hash(1), others: [], now: now) == nil, "a revoked issuer's record is not read")
    }

    /// What another member writes: times that no integer and no calendar holds.
    @Test(arguments: [Int64.max, .max - 1, 1 << 53, .min]) func impossibleTimesAreBounded(expires: Int64) {
        var record = SessionsRecord()
        var entry = SessionsRecord.Session()
        (entry.hash, entry.user, entry.role, entry.expiresUnix) = (Data(hash(1)), "admin", "viewer", expires)
        record.sessions = [entry]
        var ended = SessionsRecord.Ended()
        (ended.hash, ended.expiresUnix) = (Data(hash(2)), expires)
        record.ended = [ended]
        var book = SessionBook()
        book.end(hash(1), others: [record], now: now)
        let latest = Int64(now.timeIntervalSince1970 + Sessions.lifetime)
        #expect(book.record.ended.map(\.expiresUnix) == (expires > 0 ? [latest] : []))
        #expect(SessionBook(record, now: now).record.sessions.map(\.expiresUnix) == (expires > 0 ? [latest] : []))
        #expect(SessionBook(record, now: now).record.ended.map(\.expiresUnix) == (expires > 0 ? [latest] : []))
    }

    @Test func survivesARestart() {
        var book = SessionBook()
        book.begin(hash(1), session(), now: now)
        book.begin(hash(2), session(expires: 60), now: now)
        let again = SessionBook(book.record, now: now.addingTimeInterval(61))
        #expect(again.find(hash(1), others: [], now: now) == session())
        #expect(again.issued.count == 1)
    }

    /// Without it, a restart or another node would give a session back that a new password has ended.
    @Test func carriesItsUsersGeneration() {
        var issuer = SessionBook()
        issuer.begin(hash(1), SessionBook.Session(user: "ben", role: .viewer, expires: later, generation: .max), now: now)
        #expect(SessionBook(issuer.record, now: now).find(hash(1), others: [], now: now)?.generation == .max)
        #expect(SessionBook().find(hash(1), others: [issuer.record], now: now)?.generation == .max)
    }

    /// Signed out at another node while the issuer is down: nobody honours it any more, not even the issuer when it is back.
    @Test func endsEverywhereWhileItsIssuerIsDown() {
        var issuer = SessionBook()
        issuer.begin(hash(1), session(), now: now)
        let asSpread = issuer.record
        var ender = SessionBook()
        ender.end(hash(1), others: [asSpread], now: now)
        #expect(ender.find(hash(1), others: [asSpread], now: now) == nil)
        #expect(SessionBook().find(hash(1), others: [asSpread, ender.record], now: now) == nil, "a third node")
        ender = SessionBook(ender.record, now: now)
        #expect(ender.find(hash(1), others: [asSpread], now: now) == nil, "after a restart of the ender")

        issuer = SessionBook(asSpread, now: now)
        #expect(issuer.find(hash(1), others: [ender.record], now: now) == nil, "even before it took note")
        let tookNote = issuer.follow([ender.record], now: now)
        #expect(tookNote)
        #expect(issuer.issued.isEmpty)
        let again = issuer.follow([ender.record], now: now)
        #expect(!again, "old news changes nothing")

        ender = SessionBook(ender.record, now: now)
        _ = ender.follow([], now: now)
        #expect(ender.ended.keys.contains(hash(1)), "a node that has not heard of the issuer yet keeps the ending")
    }

    @Test func oneUserCannotEndAnothersSessions() {
        var book = SessionBook()
        book.begin(hash(0), session("resident", expires: 10), now: now)
        for number in 1...50 { book.begin(hash(number), session("busy", expires: 100 + Double(number)), now: now) }
        #expect(book.find(hash(0), others: [], now: now)?.user == "resident")
        #expect(book.issued.values.count { $0.user == "busy" } == SessionBook.limitPerUser)
        #expect(book.find(hash(50), others: [], now: now) != nil, "the newest stays")
        #expect(book.find(hash(40), others: [], now: now) == nil, "the oldest went")
    }

    @Test func staysBounded() {
        var book = SessionBook()
        for number in 0..<1000 { book.begin(hash(number), session("user \(number)", expires: 100 + Double(number)), now: now) }
        #expect(book.issued.count == SessionBook.limit)
        var ender = SessionBook()
        var record = SessionsRecord()
        record.sessions = (0..<500).map { number in
            var entry = SessionsRecord.Session()
            entry.hash = Data(hash(number))
            entry.role = "admin"
            entry.expiresUnix = Int64(later.timeIntervalSince1970)
            return entry
        }
        for number in 0..<500 { ender.end(hash(number), others: [record], now: now) }
        #expect(ender.ended.count == SessionBook.endedLimit)
        ender.end(hash(5000), others: [record], now: now)
        #expect(ender.ended[hash(5000)] == nil, "a token that nobody issued is not remembered")
    }
}
