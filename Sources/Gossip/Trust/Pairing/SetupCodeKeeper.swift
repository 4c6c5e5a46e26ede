import Foundation
import Synchronization

/// This node's setup code and how often it was tried, on the disk. One for all that asks for the code: pairing, founding, and the first
/// user of the OpenCamera API share its counter (mesh.md §2).
///
/// The code is in `setup-code.txt` for people, on the card's boot partition where there is one: a file that is there already and holds a
/// code is taken (a label printed beforehand). Both files go when the node belongs to a mesh.
public final class SetupCodeKeeper: Sendable {
    private struct State {
        var code: SetupCode
        var attempts: SetupCodeAttempts
        /// Somebody makes this node a member just now, or has.
        var isClaimed = false
    }

    private static let operation = "keep the setup code"

    /// A Raspberry Pi's boot partition, where this user may write on it.
    public static var card: String? {
        ["/boot/firmware", "/boot"].first { access("\($0)/config.txt", F_OK) == 0 && access($0, W_OK) == 0 }
    }

    private let file: String
    /// `setup-code.txt`, for people.
    public let printedFile: String
    /// Why people do not find the code there, if they do not.
    public let printedProblem: String?
    /// Held while the disk is written, so that no try is counted twice or not at all.
    private let state: Mutex<State>

    /// - Parameters:
    ///   - directory: the state directory.
    ///   - card: the boot partition, whose file a person can read in any computer; `nil`: the state directory.
    /// - Throws: ``TrustError`` when the state directory cannot be written. What is wrong with the printed file stops nothing.
    public init(directory: String, card: String? = nil, now: ContinuousClock.Instant = .now) throws(TrustError) {
        file = "\(directory)/setup"
        printedFile = "\(card ?? directory)/setup-code.txt"
        var kept: (code: SetupCode, failures: Int)?
        if let bytes = try DurableFile.read(file, limit: 4096, operation: Self.operation), let content = Checksummed.open(bytes),
            let stored = WireSetupFile(untrusted: content), let code = SetupCode(typed: stored.code)
        {
            kept = (code, Int(stored.failures))
        }
        let printed = Self.read(printedFile)
        let code = printed ?? kept?.code ?? SetupCode()
        // Another code than the one that was tried has not been tried.
        let failures = kept.map { $0.code == code ? $0.failures : 0 } ?? 0
        let state = State(code: code, attempts: SetupCodeAttempts(failures: failures, now: now))
        self.state = Mutex(state)
        try Self.write(state, to: file)
        printedProblem = Self.print(code, to: printedFile)
    }

    /// The code that a node keeps in its state directory; `nil` when there is none.
    public static func printed(in directory: String) throws(TrustError) -> SetupCode? {
        guard let bytes = try DurableFile.read("\(directory)/setup", limit: 4096, operation: "read the setup code") else { return nil }
        return Checksummed.open(bytes).flatMap { WireSetupFile(untrusted: $0) }.flatMap { SetupCode(typed: $0.code) }
    }

    /// Takes away what a node that belongs to a mesh may still have of its code: it stopped in the moment of joining, or somebody put the
    /// printed file back. It opens nothing any more, and should not look as if it did.
    ///
    /// - Parameter card: the boot partition, where there is one.
    public static func removeLeftOvers(in directory: String, card: String? = nil) {
        unlink("\(directory)/setup")
        for place in [directory, card].compactMap({ $0 }) { unlink("\(place)/setup-code.txt") }
    }

    /// The code as it is now; a new one when the last was tried too often.
    ///
    /// - Throws: ``PairingError/notKept`` when a new one cannot be kept.
    public func code(now: ContinuousClock.Instant) throws(PairingError) -> SetupCode {
        try state.withLock { state throws(PairingError) in
            try renew(&state, now: now)
            return state.code
        }
    }

    /// How long the next try has to wait.
    public func wait(now: ContinuousClock.Instant) -> Duration { state.withLock { $0.attempts.wait(now: now) } }

    /// A try begins, and is on the disk as failed when this returns.
    ///
    /// - Throws: ``PairingError/paused(_:)``, ``PairingError/busy`` when this node becomes a member just now, ``PairingError/notKept``.
    public func begin(now: ContinuousClock.Instant) throws(PairingError) {
        try state.withLock { state throws(PairingError) in try begin(&state, now: now) }
    }

    /// A typed code, with all that a try costs.
    ///
    /// - Throws: as ``begin(now:)``, and ``PairingError/wrongCode(retryAfter:)``.
    public func check(_ typed: String, now: ContinuousClock.Instant) throws(PairingError) {
        // Digits that are no code at all cost nobody a try: they cannot be right.
        guard let typed = SetupCode(typed: typed) else { throw .wrongCode(retryAfter: wait(now: now)) }
        try state.withLock { state throws(PairingError) in
            try begin(&state, now: now)
            guard Sodium.areEqual(typed.digits, state.code.digits) else {
                let wait = state.attempts.wait(now: now)
                try renew(&state, now: now)
                throw .wrongCode(retryAfter: wait)
            }
            state.attempts.succeed(now: now)
            do { try Self.write(state, to: file) } catch { throw .notKept }
        }
    }

    /// From now on nobody else may make this node a member. Answers whether nobody did before.
    public func claim() -> Bool {
        state.withLock { state in
            defer { state.isClaimed = true }
            return !state.isClaimed
        }
    }

    /// It did not become one.
    public func release() { state.withLock { $0.isClaimed = false } }

    /// The code has done its work: it is gone from the disk, and nothing is taken any more.
    public func end() {
        state.withLock { state in
            state.isClaimed = true
            unlink(file)
            unlink(printedFile)
        }
    }

    private func begin(_ state: inout State, now: ContinuousClock.Instant) throws(PairingError) {
        guard !state.isClaimed else { throw .busy }
        let pause = state.attempts.wait(now: now)
        guard pause <= .zero else { throw .paused(pause) }
        try renew(&state, now: now)
        state.attempts.begin(now: now)
        do { try Self.write(state, to: file) } catch { throw .notKept }
    }

    private func renew(_ state: inout State, now: ContinuousClock.Instant) throws(PairingError) {
        guard state.attempts.isUsedUp, !state.isClaimed else { return }
        let new = State(code: SetupCode(), attempts: SetupCodeAttempts(failures: 0, now: now))
        do { try Self.write(new, to: file) } catch { throw .notKept }
        _ = Self.print(new.code, to: printedFile)
        state = new
    }

    private static func write(_ state: State, to file: String) throws(TrustError) {
        var stored = WireSetupFile()
        stored.code = state.code.digits.map(String.init).joined()
        stored.failures = UInt32(state.attempts.failures)
        try DurableFile.write(Checksummed.seal(stored.wireBytes), to: file, operation: operation)
    }

    /// A code that somebody put there; `nil` for anything else.
    private static func read(_ path: String) -> SetupCode? {
        guard let bytes = try? DurableFile.read(path, limit: 4096, operation: operation) else { return nil }
        // Editors on other systems put a byte order mark before the text.
        return SetupCode(typed: String(decoding: bytes, as: UTF8.self).filter { $0 != "\u{feff}" })
    }

    /// Answers what keeps it from being there.
    private static func print(_ code: SetupCode, to path: String) -> String? {
        if read(path) == code { return nil }
        do {
            try DurableFile.write(Array((code.printed + "\n").utf8), to: path, operation: "write the setup code for people")
            return nil
        } catch {
            return "\(error)"
        }
    }
}
