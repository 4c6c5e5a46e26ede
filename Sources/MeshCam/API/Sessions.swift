import Crypto
import Foundation
import Gossip
import Synchronization

/// Who is signed in. A session made here is known to every node: its hash, user and expiry are gossiped, never its token (mesh.md §9).
final class Sessions: Sendable {
    /// A session lives this long after sign-in.
    static let lifetime: TimeInterval = 14 * 24 * 3600
    /// Most sessions that one node keeps open; the oldest ends first. A gossiped record stays small this way.
    static let limit = 10

    struct Session: Sendable {
        let user: String
        let role: Caller.Role
        let expires: Date
        /// The admin's key, opened by the password; on the node that issued the session only, and no longer than it lasts.
        var adminKey: AdminKey?
    }

    private struct State {
        /// By hash of the token.
        var own: [[UInt8]: Session] = [:]
        /// Hashes that were signed out here but issued elsewhere, until they expire by themselves.
        var ended: [[UInt8]: Date] = [:]
    }

    private let state = Mutex(State())
    private let gossip: GossipService

    init(gossip: GossipService) {
        self.gossip = gossip
    }

    /// The only place where a token exists: 32 random bytes, base64url.
    func begin(user: String, role: Caller.Role, adminKey: AdminKey?, now: Date) async -> (token: String, session: Session) {
        let token = Data(secureRandomBytes(32)).base64URL
        let session = Session(user: user, role: role, expires: now.addingTimeInterval(Self.lifetime), adminKey: adminKey)
        state.withLock { state in
            state.own = state.own.filter { $0.value.expires > now }
            while state.own.count >= Self.limit, let oldest = state.own.min(by: { $0.value.expires < $1.value.expires }) {
                state.own[oldest.key] = nil
            }
            state.own[Self.hash(token)] = session
        }
        await publish()
        return (token, session)
    }

    /// The session of a token, wherever it began. `nil` when it is unknown, over, or its node was revoked.
    func find(_ token: String, now: Date) -> Session? {
        let hash = Self.hash(token)
        let known = state.withLock { state -> Session?? in
            if state.ended[hash] != nil { return .some(nil) }
            if let session = state.own[hash], session.expires <= now {
                state.own[hash] = nil
                return .some(nil)
            }
            return state.own[hash].map { .some($0) } ?? .none
        }
        if let known { return known.flatMap { $0.expires > now ? $0 : nil } }
        for member in gossip.view.members where !member.isSelf {
            guard let body = member.records[.sessions]?.bytes, let record = try? SessionsRecord(serializedBytes: body) else { continue }
            for session in record.sessions where Array(session.hash) == hash {
                let expires = Date(timeIntervalSince1970: TimeInterval(session.expiresUnix))
                guard expires > now, let role = Caller.Role(rawValue: session.role) else { return nil }
                return Session(user: session.user, role: role, expires: expires)
            }
        }
        return nil
    }

    /// Ends a session on this node. Answers the node that issued it when that is another one, so that it can be told.
    func end(_ token: String, now: Date) async -> NodeID? { await end(hash: Self.hash(token), now: now) }

    func end(hash: [UInt8], now: Date) async -> NodeID? {
        let wasOwn = state.withLock { state in
            state.ended = state.ended.filter { $0.value > now }
            if state.own.removeValue(forKey: hash) != nil { return true }
            if state.ended.count < 1024 { state.ended[hash] = now.addingTimeInterval(Self.lifetime) }
            return false
        }
        if wasOwn {
            await publish()
            return nil
        }
        return issuer(of: hash)?.id
    }

    /// The other member that issued a session.
    func issuer(of token: String) -> Member? { issuer(of: Self.hash(token)) }

    private func issuer(of hash: [UInt8]) -> Member? {
        gossip.view.members.first { member in
            guard !member.isSelf, let body = member.records[.sessions]?.bytes, let record = try? SessionsRecord(serializedBytes: body) else {
                return false
            }
            return record.sessions.contains { Array($0.hash) == hash }
        }
    }

    /// What is gossiped and compared instead of a token.
    static func hash(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }

    private func publish() async {
        let own = state.withLock { $0.own }
        var record = SessionsRecord()
        record.sessions = own.sorted { $0.value.expires < $1.value.expires }.map { hash, session in
            var entry = SessionsRecord.Session()
            entry.hash = Data(hash)
            entry.user = session.user
            entry.role = session.role.rawValue
            entry.expiresUnix = Int64(session.expires.timeIntervalSince1970)
            return entry
        }
        if let bytes: [UInt8] = try? record.serializedBytes() { await gossip.publish(.sessions, bytes) }
    }
}

extension Data {
    /// RFC 4648 §5, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
