import Crypto
import Foundation
import Gossip
import Logging
import Synchronization

/// Who is signed in. A session made here is known to every node: its hash, user and expiry are gossiped, never its token
/// (mesh.md §9). It survives a restart of this node, and ends everywhere wherever it is ended.
final class Sessions: Sendable {
    /// A session lives this long after sign-in.
    static let lifetime: TimeInterval = 14 * 24 * 3600
    /// A longer file was not written by this program.
    private static let fileLimit = 1 << 20

    private let book: Mutex<SessionBook>
    /// Admins' keys, opened by their passwords, of the sessions that this node issued: by hash of the token, never on a disk, and
    /// no longer than the session lasts.
    private let adminKeys = Mutex<[[UInt8]: AdminKey]>([:])
    private let gossip: GossipService
    /// `nil`: nothing is kept (a node that belongs to no mesh has no users).
    private let file: String?
    private let disk = DispatchQueue(label: "meshcam.sessions")
    private let logger: Logger

    /// - Parameter directory: the state directory, or `nil` to keep nothing.
    init(gossip: GossipService, directory: String?, logger: Logger) {
        self.gossip = gossip
        self.logger = logger
        file = directory.map { "\($0)/sessions" }
        var kept = SessionBook()
        if let file {
            do {
                if let bytes = try DurableFile.read(file, limit: Self.fileLimit, operation: "read who is signed in") {
                    kept = SessionBook(try SessionsRecord(serializedBytes: bytes), now: Date())
                }
            } catch {
                logger.warning("everybody has to sign in again: \(error)")
            }
        }
        book = Mutex(kept)
    }

    /// Tells the mesh, and follows what others end, until the task is cancelled.
    func run() async {
        let changes = gossip.changes()
        await publish()
        await follow()
        for await change in changes {
            switch change {
            case .record(_, .sessions), .roster, .resync: await follow()
            default: break
            }
        }
    }

    /// The only place where a token exists: 32 random bytes, base64url.
    func begin(
        user: UsersConfig.User, role: Caller.Role, adminKey: AdminKey?, now: Date
    ) async -> (token: String, session: SessionBook.Session) {
        let token = Data(secureRandomBytes(32)).base64URL
        let session = SessionBook.Session(
            user: user.name, role: role, expires: now.addingTimeInterval(Self.lifetime), generation: user.generation)
        book.withLock { $0.begin(Self.hash(token), session, now: now) }
        if let adminKey { adminKeys.withLock { $0[Self.hash(token)] = adminKey } }
        await keep()
        return (token, session)
    }

    /// The session of a token, wherever it began. `nil` when it is unknown, over, or its node was revoked. What it is worth, ``Standing`` says.
    func find(hash: [UInt8], now: Date) -> SessionBook.Session? {
        let others = others
        return book.withLock { $0.find(hash, others: others, now: now) }
    }

    /// The key of an admin who signed in at this node, while the session lasts and this process runs.
    func adminKey(of token: String, now: Date) -> AdminKey? {
        let hash = Self.hash(token)
        guard find(hash: hash, now: now) != nil else { return nil }
        return adminKeys.withLock { $0[hash] }
    }

    /// An admin's key of a session that is `good` by the hash of its token; `nil` where none is open.
    func openKey(where good: ([UInt8]) -> Bool) -> (user: String, key: AdminKey)? {
        let keys = adminKeys.withLock { $0 }
        let issued = book.withLock { $0.issued }
        for (hash, key) in keys {
            if let session = issued[hash], good(hash) { return (session.user, key) }
        }
        return nil
    }

    /// The other member that issued a session. `nil` where this node did, and where several say so: hashes are known to all, and one that
    /// claims another's session wants to be handed its token.
    func issuer(of token: String) -> Member? {
        let hash = Self.hash(token)
        guard book.withLock({ $0.issued[hash] }) == nil else { return nil }
        let claimants = gossip.view.members.filter { member in
            guard !member.isSelf, let body = member.records[.sessions]?.bytes, let record = try? SessionsRecord(serializedBytes: body) else {
                return false
            }
            return record.sessions.contains { Array($0.hash) == hash }
        }
        return claimants.count == 1 ? claimants[0] : nil
    }

    /// Ends a session here at once, and everywhere as the news spreads; also of a node that is down.
    ///
    /// - Returns: why that is not kept: after a power cut the session may be there again.
    @discardableResult
    func end(_ token: String, now: Date) async -> TrustError? {
        let others = others
        book.withLock { $0.end(Self.hash(token), others: others, now: now) }
        return await keep()
    }

    /// What is gossiped and compared instead of a token.
    static func hash(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }

    // MARK: -

    /// What the other members say.
    private var others: [SessionsRecord] {
        gossip.view.members.compactMap { member in
            member.isSelf ? nil : member.records[.sessions].flatMap { try? SessionsRecord(serializedBytes: $0.bytes) }
        }
    }

    private func follow() async {
        let others = others
        if book.withLock({ $0.follow(others, now: Date()) }) { await keep() }
    }

    @discardableResult
    private func keep() async -> TrustError? {
        let issued = book.withLock { $0.issued }
        adminKeys.withLock { keys in keys = keys.filter { issued[$0.key] != nil } }
        let failure = await save()
        await publish()
        return failure
    }

    private func publish() async {
        let record = book.withLock { $0.record }
        if let bytes: [UInt8] = try? record.serializedBytes() { await gossip.publish(.sessions, bytes) }
    }

    /// A disk that fails costs a sign-in after the next restart, and nothing now; whoever ends a session is told.
    private func save() async -> TrustError? {
        guard let file else { return nil }
        return await withCheckedContinuation { continuation in
            disk.async { [self] in
                // Read here, in the order of the queue: the newest state is written last.
                let record = book.withLock { $0.record }
                var failure: TrustError?
                do {
                    let bytes: [UInt8] = try record.serializedBytes()
                    try DurableFile.write(bytes, to: file, operation: "keep who is signed in")
                } catch {
                    logger.warning("\(error)")
                    failure = error as? TrustError
                }
                continuation.resume(returning: failure)
            }
        }
    }
}

extension Data {
    /// RFC 4648 §5, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
