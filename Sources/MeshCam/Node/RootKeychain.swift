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
        let admin: AdminKey?
        let until: ContinuousClock.Instant
    }

    private let entries = Mutex<[Holder: Entry]>([:])

    /// - Parameter admin: the key of the admin who typed the passphrase; it signs what goes with a root act.
    func unlock(_ root: RootKey, admin: AdminKey? = nil, for holder: Holder, now: ContinuousClock.Instant = .now) {
        let until = now + Self.lifetime
        entries.withLock { $0[holder] = Entry(root: root, admin: admin, until: until) }
        // It is wiped when its time is over, whether anybody looks or not.
        Task { [weak self] in
            try? await ContinuousClock().sleep(until: until)
            self?.forget(after: until)
        }
    }

    /// `nil`: not unlocked, or not any more.
    func root(for holder: Holder, now: ContinuousClock.Instant = .now) -> RootKey? { entry(holder, now)?.root }

    /// The key of the admin who unlocked it.
    func admin(for holder: Holder, now: ContinuousClock.Instant = .now) -> AdminKey? { entry(holder, now)?.admin }

    private func entry(_ holder: Holder, _ now: ContinuousClock.Instant) -> Entry? {
        entries.withLock { entries in
            guard let entry = entries[holder], entry.until > now else { return nil }
            return entry
        }
    }

    /// How many hold it.
    var count: Int { entries.withLock { $0.count } }

    /// Another key is the root now: what anybody unlocked opens nothing any more.
    func lockAll() { entries.withLock { $0 = [:] } }

    func lock(_ holder: Holder) { entries.withLock { $0[holder] = nil } }

    private func forget(after now: ContinuousClock.Instant) {
        entries.withLock { $0 = $0.filter { $0.value.until > now } }
    }
}
