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
    }

    private static let operation = "keep the setup code"

    /// A Raspberry Pi's boot partition, where this user may write on it.
    public static var card: String? {
        ["/boot/firmware", "/boot"].first { access("\($0)/config.txt", F_OK) == 0 && access($0, W_OK) == 0 }
    }

    private let file: String
    /// `setup-code.txt`, for people.
    public let printedFile: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - directory: the state directory.
    ///   - card: the boot partition, whose file a person can read in any computer; `nil`: the state directory.
    /// - Throws: ``TrustError`` when neither can be written.
    public init(directory: String, card: String? = nil, now: ContinuousClock.Instant = .now) throws(TrustError) {
        file = "\(directory)/setup"
        printedFile = "\(card ?? directory)/setup-code.txt"
        var kept: (code: SetupCode, failures: Int)?
        if let bytes = try DurableFile.read(file, limit: 4096, operation: Self.operation), let content = Checksummed.open(bytes),
            let stored = WireSetupFile(untrusted: content), let code = SetupCode(typed: stored.code)
        {
            kept = (code, Int(stored.failures))
        }
        let printed = try DurableFile.read(printedFile, limit: 4096, operation: Self.operation).flatMap {
            SetupCode(typed: String(decoding: $0, as: UTF8.self))
        }
        let code = printed ?? kept?.code ?? SetupCode()
        // Another code than the one that was tried has not been tried.
        let failures = kept.map { $0.code == code ? $0.failures : 0 } ?? 0
        state = Mutex(State(code: code, attempts: SetupCodeAttempts(failures: failures, now: now)))
        try write(State(code: code, attempts: SetupCodeAttempts(failures: failures, now: now)))
    }

    /// The code that a node keeps in its state directory; `nil` when there is none.
    public static func printed(in directory: String) throws(TrustError) -> SetupCode? {
        guard let bytes = try DurableFile.read("\(directory)/setup", limit: 4096, operation: "read the setup code") else { return nil }
        return Checksummed.open(bytes).flatMap { WireSetupFile(untrusted: $0) }.flatMap { SetupCode(typed: $0.code) }
    }

    /// The code as it is now; a new one when the last was tried too often.
    ///
    /// - Throws: ``TrustError`` when a new one cannot be kept.
    public func code(now: ContinuousClock.Instant) throws(TrustError) -> SetupCode {
        let current = state.withLock { $0 }
        guard current.attempts.isUsedUp else { return current.code }
        let new = State(code: SetupCode(), attempts: SetupCodeAttempts(failures: 0, now: now))
        try write(new)
        state.withLock { $0 = new }
        return new.code
    }

    /// How long the next try has to wait.
    public func wait(now: ContinuousClock.Instant) -> Duration { state.withLock { $0.attempts.wait(now: now) } }

    /// A try begins, and is on the disk as failed when this returns.
    public func begin(now: ContinuousClock.Instant) throws(TrustError) {
        let begun = state.withLock { state in
            state.attempts.begin(now: now)
            return state
        }
        try write(begun)
    }

    /// Whoever tried knew it.
    public func succeed(now: ContinuousClock.Instant) throws(TrustError) {
        let known = state.withLock { state in
            state.attempts.succeed(now: now)
            return state
        }
        try write(known)
    }

    /// A typed code, with all that a try costs.
    ///
    /// - Throws: ``PairingError/paused(_:)``, ``PairingError/wrongCode(retryAfter:)``, ``PairingError/notKept``.
    public func check(_ typed: String, now: ContinuousClock.Instant) throws(PairingError) {
        let pause = wait(now: now)
        guard pause <= .zero else { throw .paused(pause) }
        do {
            // Digits that are no code at all cost nobody a try: they cannot be right.
            guard let typed = SetupCode(typed: typed) else { throw PairingError.wrongCode(retryAfter: .zero) }
            let code = try code(now: now)
            try begin(now: now)
            guard Sodium.areEqual(typed.digits, code.digits) else { throw PairingError.wrongCode(retryAfter: wait(now: now)) }
            try succeed(now: now)
        } catch let error as PairingError {
            throw error
        } catch {
            throw .notKept
        }
    }

    /// The code has done its work: it is gone from the disk.
    public func end() {
        unlink(file)
        unlink(printedFile)
    }

    private func write(_ state: State) throws(TrustError) {
        var stored = WireSetupFile()
        stored.code = state.code.digits.map(String.init).joined()
        stored.failures = UInt32(state.attempts.failures)
        try DurableFile.write(Checksummed.seal(stored.wireBytes), to: file, operation: Self.operation)
        let printed = Array((state.code.printed + "\n").utf8)
        if (try? DurableFile.read(printedFile, limit: 4096, operation: Self.operation)) != printed {
            try DurableFile.write(printed, to: printedFile, operation: Self.operation)
        }
    }
}
