import Foundation
import Synchronization

/// A program that a test starts and always ends.
///
/// Not Foundation's own `Process`: that takes a program for running as long as anybody has a socket of it, and every program that is started at the same
/// moment inherits one. A test would wait for another test's daemon, and two of them for each other
/// (github.com/swiftlang/swift-corelibs-foundation, issue 4795).
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let pid: Int32
    private let program: String
    private let end = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - command: a program, looked for in `PATH` unless its path is given, and its arguments.
    ///   - input: a file for it to read.
    ///   - output: a file for what it says; what was in it goes.
    ///   - errors: the same.
    public init(_ command: [String], input: String = "/dev/null", output: String = "/dev/null", errors: String = "/dev/null") throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // Threads of this process block signals; the child must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // A group of its own: smbd ends with a signal to all of its group.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        let inherited = ProcessInfo.processInfo.environment.filter { $0.key != "PATH" }.map { "\($0.key)=\($0.value)" }
        var environment: [UnsafeMutablePointer<CChar>?] = ([path] + inherited).map { strdup($0) } + [nil]
        defer { for variable in environment { free(variable) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &environment)
        guard code == 0 else { throw Failure(description: "\(command[0]): \(String(cString: strerror(code)))") }
        self.pid = pid
        program = command[0]
    }

    public var isRunning: Bool { look() == nil }

    /// Waits for its own end, with the caller's thread.
    ///
    /// - Returns: its exit code; -1 when a signal ended it.
    @discardableResult
    public func wait(within patience: Duration = .seconds(120)) throws -> Int32 {
        if let code = look(for: patience) { return code }
        stop(SIGKILL)
        throw Failure(description: "\(program) did not end within \(patience)")
    }

    /// Sends `signal`, SIGTERM unless told, and returns when the process has ended; what heeds no signal is killed.
    public func stop(_ signal: Int32 = 15) {
        end.withLock { end in
            if end == nil { _ = kill(pid, signal) }
        }
        if look(for: .seconds(20)) == nil {
            _ = kill(pid, SIGKILL)
            _ = look(for: .seconds(20))
        }
    }

    private func look(for patience: Duration) -> Int32? {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if let code = look() { return code }
            usleep(1000)
        }
        return look()
    }

    /// How it ended; nil: it has not.
    private func look() -> Int32? {
        end.withLock { end in
            if end == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid { end = status & 0x7f == 0 ? (status >> 8) & 0xff : -1 }
            }
            return end
        }
    }
}
