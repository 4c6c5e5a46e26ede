import Foundation
import Gossip
import Synchronization

/// The mesh's root key while somebody who unlocked it may use it here (mesh.md §1): in locked memory, for 10 minutes, for that session alone.
final class RootKeychain: Sendable {
    /// So long after the passphrase was typed.
    static let lifetime = Duration.seconds(600)

    /// Who unlocked it.
    enum Holder: Hashable, Sendable {
        /// SHA-256 of the session's token.
        case session([UInt8])
        /// A program on this machine.
        case local
    }

    private struct Entry {
        let root: RootKey
        let signer: Signer?
        let until: ContinuousClock.Instant
    }

    private let entries = Mutex<[Holder: Entry]>([:])

    /// - Parameter signer: the admin whose passphrase it was, with the key that it also opens.
    func unlock(_ root: RootKey, signer: Signer? = nil, for holder: Holder, now: ContinuousClock.Instant = .now) {
        let until = now + Self.lifetime
        entries.withLock { $0[holder] = Entry(root: root, signer: signer, until: until) }
        // It is wiped when its time is over, whether anybody looks or not.
        Task { [weak self] in
            try? await ContinuousClock().sleep(until: until)
            self?.forget(after: until)
        }
    }

    /// `nil`: not unlocked, or not any more.
    func root(for holder: Holder, now: ContinuousClock.Instant = .now) -> RootKey? { entry(for: holder, now: now)?.root }

    /// The admin who unlocked it; `nil` likewise.
    func signer(for holder: Holder, now: ContinuousClock.Instant = .now) -> Signer? { entry(for: holder, now: now)?.signer }

    /// The key of the admin who unlocked it.
    func admin(for holder: Holder, now: ContinuousClock.Instant = .now) -> AdminKey? { signer(for: holder, now: now)?.key }

    private func entry(for holder: Holder, now: ContinuousClock.Instant) -> Entry? {
        entries.withLock { entries in entries[holder].flatMap { $0.until > now ? $0 : nil } }
    }

    /// Whoever unlocked it: for what this node does by itself while it is unlocked.
    ///
    /// - Parameter counts: whether the mesh takes what that admin's key signs.
    func unlocked(now: ContinuousClock.Instant = .now, where counts: (AdminKey) -> Bool) -> (root: RootKey, admin: AdminKey)? {
        entries.withLock { entries in
            for entry in entries.values where entry.until > now {
                if let signer = entry.signer, counts(signer.key) { return (entry.root, signer.key) }
            }
            return nil
        }
    }

    /// How many hold it.
    var count: Int { entries.withLock { $0.count } }

    /// Another key is the root now: what anybody unlocked opens nothing any more.
    func lockAll() { entries.withLock { $0 = [:] } }

    /// That admin has another password, or is none any more.
    func lock(user name: String) { entries.withLock { $0 = $0.filter { $0.value.signer?.name != name } } }

    func lock(_ holder: Holder) { entries.withLock { $0[holder] = nil } }

    private func forget(after now: ContinuousClock.Instant) {
        entries.withLock { $0 = $0.filter { $0.value.until > now } }
    }
}
