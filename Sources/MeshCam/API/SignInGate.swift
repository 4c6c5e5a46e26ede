import Foundation
import Gossip
import Synchronization

/// Checks passwords one at a time, on a thread of their own: Argon2id takes 64 MiB and half a second of a Pi. Slows guessing down
/// by address, and, because one machine has as many IPv6 addresses as it likes, more gently by network.
final class SignInGate: Sendable {
    /// Tries that may wait for the one being checked; more are sent away at once, so that nobody waits behind a crowd. Default 6.
    static let waitingLimit = 6

    private struct State {
        /// By address and user: whoever signs in as one forgets no guesses at another.
        var users = SignInThrottle()
        /// Of all users together, so that nobody tries one password with every name.
        var addresses = SignInThrottle(free: 20)
        /// Patient, because neighbours share a network: a whole household is never locked out for long.
        var networks = SignInThrottle(free: 20, longest: .seconds(30))
        /// Addresses that somebody signed in from lately: what their neighbours try does not hold them up.
        var proven: [String: ContinuousClock.Instant] = [:]
        /// Apart from passwords: a program with an old token must not lock the people out who share its address.
        var tokens = SignInThrottle()
        var waiting = 0
    }

    /// A sign-in vouches for its address so long. Default a day.
    private static let provenFor = Duration.seconds(86_400)
    private static let provenLimit = 256

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "meshcam.passwords")

    /// Verifies no password at all.
    static let nobodysHash =
        "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    /// Counts a try before it is made, as one that failed, so that tries made at once count like tries one after another.
    /// Answers how long to wait instead, when there were too many.
    ///
    /// - Parameter user: whose password is tried; empty for what is nobody's own.
    func reserve(_ host: ConnectionLimits.Host, _ address: String, user: String, now: ContinuousClock.Instant = .now) -> Duration? {
        state.withLock { state in
            let isProven = state.proven[address].map { now - $0 < Self.provenFor } ?? false
            let network = isProven ? nil : Self.network(host)
            let pair = Self.pair(address, user)
            let waits = [
                state.users.wait(for: pair, now: now), state.addresses.wait(for: address, now: now),
                network.flatMap { state.networks.wait(for: $0, now: now) },
            ]
            if let wait = waits.compactMap({ $0 }).max() { return wait }
            state.users.failed(pair, now: now)
            state.addresses.failed(address, now: now)
            if let network { state.networks.failed(network, now: now) }
            return nil
        }
    }

    /// The try was none: it is forgotten, and so are the ones before it at the same user.
    func succeeded(_ host: ConnectionLimits.Host, _ address: String, user: String, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            let wasProven = state.proven.updateValue(now, forKey: address).map { now - $0 < Self.provenFor } ?? false
            if state.proven.count > Self.provenLimit, let oldest = state.proven.min(by: { $0.value < $1.value }) { state.proven[oldest.key] = nil }
            state.users.succeeded(Self.pair(address, user))
            state.addresses.giveBack(address)
            if !wasProven, let network = Self.network(host) { state.networks.giveBack(network) }
        }
    }

    /// Names come from whoever tries: a long one takes no memory.
    private static func pair(_ address: String, _ user: String) -> String { "\(address) \(user.prefix(64))" }

    /// Counts a token that opens nothing. Answers how long the next one has to wait, when there were too many.
    func wrongToken(from address: String, now: ContinuousClock.Instant = .now) -> Duration? {
        state.withLock { state in
            if let wait = state.tokens.wait(for: address, now: now) { return wait }
            state.tokens.failed(address, now: now)
            return nil
        }
    }

    /// Whether the password fits; nil when too many wait already.
    func verify(_ password: String, against hash: String) async -> Bool? {
        let mayWait = state.withLock { state in
            guard state.waiting <= Self.waitingLimit else { return false }
            state.waiting += 1
            return true
        }
        guard mayWait else { return nil }
        return await withCheckedContinuation { continuation in
            queue.async { [self] in
                let isRight = PasswordHash.verify(password, against: hash)
                state.withLock { $0.waiting -= 1 }
                continuation.resume(returning: isRight)
            }
        }
    }

    /// The key that an admin signs with, opened by the password; nil for a user without one.
    func open(_ sealed: [UInt8], password: String) async -> AdminKey? {
        if sealed.isEmpty { return nil }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: SealedAdminKey.open(sealed, password: password)) }
        }
    }

    /// The mesh's root key, opened by an admin's passphrase, and that admin's own key where the roster certifies it.
    func open(rootFor user: UsersConfig.User, passphrase: String, roster: Roster) async -> (root: RootKey, admin: AdminKey?)? {
        await withCheckedContinuation { continuation in
            queue.async {
                var root = user.sealedRootKey.isEmpty ? nil : SealedRootKey.open(Array(user.sealedRootKey), passphrase: passphrase, roster: roster)
                guard root != nil || !user.rootForAdmin.isEmpty else { return continuation.resume(returning: nil) }
                let admin = SealedAdminKey.open(Array(user.sealedAdminKey), password: passphrase).flatMap { roster.isAdmin($0.publicKey) ? $0 : nil }
                if root == nil, let admin { root = RootForAdmin.open(Array(user.rootForAdmin), admin: admin, roster: roster) }
                continuation.resume(returning: root.map { ($0, admin) })
            }
        }
    }

    /// Other work with passwords that takes as long: making hashes, sealing keys.
    func slowly<Made: Sendable>(_ work: @escaping @Sendable () throws -> Made) async throws -> Made {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private static func network(_ host: ConnectionLimits.Host) -> String? {
        switch host {
        case .loopback: nil
        // An IPv4 address is one machine; of an IPv6 one the first half is the network.
        case .address(let bytes): bytes.count == 16 ? "\(bytes.prefix(8))" : nil
        case .prefix(let bytes): "\(bytes)"
        }
    }
}
