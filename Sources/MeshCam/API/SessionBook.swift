import Foundation
import Gossip

/// The sessions that this node issued, and those of other nodes that it ended: a value without I/O. ``Sessions`` keeps it on disk
/// and gossips it.
///
/// A session is over as soon as *any* member says so, even while the node that issued it is down: whoever ends a session says it
/// in its own record, until the session would have expired.
struct SessionBook: Sendable {
    /// Sessions of one user that one node keeps open; that user's oldest ends first. Default 10.
    static let limitPerUser = 10
    /// Sessions of all users; bounds the gossiped record. Default 200.
    static let limit = 200
    /// Endings of other nodes' sessions; those that expire soonest are forgotten first, and their issuers have long taken note of
    /// them by then. Default 400.
    static let endedLimit = 400

    struct Session: Sendable, Equatable {
        let user: String
        /// When it began, for nodes of an earlier version; what counts is the user's role now.
        let role: Caller.Role
        let expires: Date
        /// The user's, when it began: a session does not outlive a change of its user's password.
        var generation: UInt64 = 0
    }

    /// By SHA-256 of the token.
    private(set) var issued: [[UInt8]: Session] = [:]
    /// By SHA-256 of the token; the time is when the session would have ended by itself.
    private(set) var ended: [[UInt8]: Date] = [:]

    init() {}

    /// Reads what ``record`` wrote. What is over is left out.
    init(_ record: SessionsRecord, now: Date) {
        for entry in record.sessions {
            let expires = Self.expiry(entry.expiresUnix, now: now)
            guard expires > now, let role = Caller.Role(rawValue: entry.role) else { continue }
            issued[Array(entry.hash)] = Session(user: entry.user, role: role, expires: expires, generation: entry.generation)
        }
        for entry in record.ended {
            let expires = Self.expiry(entry.expiresUnix, now: now)
            if expires > now { ended[Array(entry.hash)] = expires }
        }
        bound(now: now)
    }

    /// What is gossiped and kept: hashes, never a token. The same content gives the same bytes.
    var record: SessionsRecord {
        var record = SessionsRecord()
        record.sessions = issued.sorted { ($0.value.expires, $0.key.hexText) < ($1.value.expires, $1.key.hexText) }.map { hash, session in
            var entry = SessionsRecord.Session()
            entry.hash = Data(hash)
            entry.user = session.user
            entry.role = session.role.rawValue
            entry.expiresUnix = Int64(session.expires.timeIntervalSince1970)
            entry.generation = session.generation
            return entry
        }
        record.ended = ended.sorted { ($0.value, $0.key.hexText) < ($1.value, $1.key.hexText) }.map { hash, expires in
            var entry = SessionsRecord.Ended()
            entry.hash = Data(hash)
            entry.expiresUnix = Int64(expires.timeIntervalSince1970)
            return entry
        }
        return record
    }

    /// The session of a token, here or at another member (`others`). `nil` when unknown, expired or ended anywhere.
    func find(_ hash: [UInt8], others: [SessionsRecord], now: Date) -> Session? {
        guard ended[hash] == nil, !others.contains(where: { $0.ended.contains { Array($0.hash) == hash } }) else { return nil }
        if let session = issued[hash] { return session.expires > now ? session : nil }
        for entry in others.lazy.flatMap(\.sessions) where Array(entry.hash) == hash {
            let expires = Self.expiry(entry.expiresUnix, now: now)
            guard expires > now, let role = Caller.Role(rawValue: entry.role) else { return nil }
            return Session(user: entry.user, role: role, expires: expires, generation: entry.generation)
        }
        return nil
    }

    /// No session lasts longer than one that begins now, whatever another member writes; and every such time fits the record's integers.
    private static func expiry(_ unix: Int64, now: Date) -> Date {
        min(Date(timeIntervalSince1970: TimeInterval(unix)), now.addingTimeInterval(Sessions.lifetime))
    }

    mutating func begin(_ hash: [UInt8], _ session: Session, now: Date) {
        issued[hash] = session
        bound(now: now)
    }

    /// Ends a session, whoever issued it.
    mutating func end(_ hash: [UInt8], others: [SessionsRecord], now: Date) {
        if issued.removeValue(forKey: hash) != nil { return }
        guard let session = find(hash, others: others, now: now) else { return }
        ended[hash] = session.expires
        bound(now: now)
    }

    /// Takes note of what other members ended. Answers whether anything changed.
    mutating func follow(_ others: [SessionsRecord], now: Date) -> Bool {
        let before = issued.count
        for entry in others.lazy.flatMap(\.ended) { issued[Array(entry.hash)] = nil }
        bound(now: now)
        return issued.count != before
    }

    private mutating func bound(now: Date) {
        issued = issued.filter { $0.value.expires > now }
        ended = ended.filter { $0.value > now }
        for (user, count) in Dictionary(grouping: issued.values, by: \.user).mapValues(\.count) where count > Self.limitPerUser {
            endOldest(count - Self.limitPerUser) { $0.user == user }
        }
        if issued.count > Self.limit { endOldest(issued.count - Self.limit) { _ in true } }
        if ended.count > Self.endedLimit {
            for (hash, _) in ended.sorted(by: { $0.value < $1.value }).prefix(ended.count - Self.endedLimit) { ended[hash] = nil }
        }
    }

    private mutating func endOldest(_ count: Int, where matches: (Session) -> Bool) {
        for (hash, _) in issued.filter({ matches($0.value) }).sorted(by: { $0.value.expires < $1.value.expires }).prefix(count) {
            issued[hash] = nil
        }
    }
}
