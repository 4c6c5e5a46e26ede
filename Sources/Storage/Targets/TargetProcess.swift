import Dispatch
import Foundation
import SwiftProtobuf
import Synchronization

/// A target behind a process of its own, so that nothing of a target that hangs hangs in the node: what takes longer than `patience` ends
/// with `ETIMEDOUT`, and the process with it; the next call starts another.
///
/// Calls are done one at a time, in the order in which they come; each blocks its caller's thread. The kernel lets no process die that waits
/// for a disk: as long as one is held so, no other is started, and calls fail at once.
package final class TargetProcess: TargetFiles, @unchecked Sendable {
    // Invariant behind @unchecked: `child`, `fallen` and `lastUse` are touched only by who holds `turn`.

    /// Disks that sleep take about ten seconds to wake.
    package static let patience = Duration.seconds(20)

    /// Bytes per second that a target may take its time with.
    private static let slowest = 128 << 10

    package let location: TargetLocation
    private let credentials: @Sendable () -> TargetCredentials?
    private let patience: Duration
    private let turn = DispatchSemaphore(value: 1)
    private var child: Child?
    /// A process that was killed and has not gone yet.
    private var fallen: Child?
    private var lastUse = ContinuousClock.now
    private let isStale = Mutex(false)

    private struct Child {
        let pid: pid_t
        let descriptor: Int32
    }

    /// - Parameter credentials: asked for whenever a process starts; nil: nobody knows them, and none does.
    package init(
        _ location: TargetLocation, patience: Duration = TargetProcess.patience,
        credentials: @escaping @Sendable () -> TargetCredentials? = { TargetCredentials.none }
    ) {
        self.location = location
        self.patience = patience
        self.credentials = credentials
    }

    deinit {
        if let child { finish(child) }
        if let fallen { _ = hasGone(fallen, within: .zero) }
    }

    /// Ends the process, if there is one and no call is under way; a later call starts another.
    ///
    /// - Parameter idle: only when nothing was asked for so long.
    package func end(ifIdleFor idle: Duration = .zero) {
        guard turn.wait(timeout: .now()) == .success else { return }
        defer { turn.signal() }
        guard let child, ContinuousClock.now - lastUse >= idle else { return }
        self.child = nil
        finish(child)
    }

    /// Another process serves the next call, because this one was told what is not so any more.
    package func renew() { isStale.withLock { $0 = true } }

    /// The process that serves now, for tests.
    var pid: pid_t? {
        turn.wait()
        defer { turn.signal() }
        return child?.pid
    }

    // MARK: TargetFiles

    package func probe() throws(TargetError) { _ = try ask(.probe) }

    package func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) {
        _ = try ask(.write, file, offset: offset, payload: parts)
    }

    package func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) { _ = try ask(.replace, file, payload: [bytes]) }

    package func truncate(_ file: String, to count: Int) throws(TargetError) { _ = try ask(.truncate, file, offset: count) }

    package func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, TargetServer.readLimit)
            let part = try ask(.read, file, offset: offset + bytes.count, count: wanted).payload
            if bytes.isEmpty { bytes = part } else { bytes += part }
            if part.count < wanted { break }
        }
        return bytes
    }

    package func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        try ask(.digest, file, offset: offset, count: count).payload
    }

    package func look(at file: String) throws(TargetError) -> TargetEntry {
        guard let entry = try ask(.look, file).reply.entries.first else { throw TargetError(operation: "look at", path: file, code: EPROTO) }
        return TargetEntry(entry)
    }

    package func remove(_ file: String) throws(TargetError) { _ = try ask(.remove, file) }

    package func list(_ directory: String) throws(TargetError) -> [TargetEntry] { try ask(.list, directory).reply.entries.map(TargetEntry.init) }

    package func space() throws(TargetError) -> TargetSpace {
        let reply = try ask(.space).reply
        return TargetSpace(free: Int(clamping: reply.freeBytes), total: Int(clamping: reply.totalBytes))
    }

    // MARK: Asking

    private func ask(
        _ operation: WireTargetRequest.Operation, _ file: String = "", offset: Int = 0, count: Int = 0, payload: [any FragmentBytes] = []
    ) throws(TargetError) -> (reply: WireTargetReply, payload: [UInt8]) {
        var request = WireTargetRequest()
        request.operation = operation
        request.file = file
        request.offset = UInt64(offset)
        request.count = UInt64(count)
        request.payloadBytes = payload.reduce(0) { $0 + UInt64($1.count) }
        let milliseconds = Int(patience / .milliseconds(1))
        guard turn.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { throw hangs("wait for", file) }
        defer {
            lastUse = .now
            turn.signal()
        }
        // A link that is slow does not hang: what has waited for long goes in large pieces.
        let deadline = ContinuousClock.now + patience + .seconds(max(Int(request.payloadBytes), count) / Self.slowest)
        let child = try running(until: deadline)
        return try exchange(request, payload, with: child, until: deadline)
    }

    private func exchange(
        _ message: some Message, _ payload: [any FragmentBytes], with child: Child, until deadline: ContinuousClock.Instant
    ) throws(TargetError) -> (reply: WireTargetReply, payload: [UInt8]) {
        let channel = TargetChannel(descriptor: child.descriptor)
        let answer: (message: WireTargetReply, payload: [UInt8])
        do throws(TargetChannel.Failure) {
            try channel.send(message, payload, until: deadline)
            answer = try channel.receive(WireTargetReply.self, payload: \.payloadBytes, until: deadline)
        } catch {
            // Whatever it is doing, it is not to be trusted with the next request.
            self.child = nil
            kill(child)
            switch error {
            case .deadline: throw hangs("use", "\(location)")
            case .closed, .malformed: throw TargetError(operation: "use", path: "\(location)", code: EPIPE)
            }
        }
        guard answer.message.errorCode == 0 else {
            throw TargetError(
                operation: answer.message.errorOperation, path: answer.message.errorPath, code: answer.message.errorCode,
                cure: location.cure(for: answer.message.errorCode))
        }
        return (answer.message, answer.payload)
    }

    private func hangs(_ operation: String, _ file: String) -> TargetError { TargetError(operation: operation, path: file, code: ETIMEDOUT) }

    // MARK: The process

    private func running(until deadline: ContinuousClock.Instant) throws(TargetError) -> Child {
        let isStale = isStale.withLock { stale in
            defer { stale = false }
            return stale
        }
        if let child {
            guard isStale else { return child }
            self.child = nil
            finish(child)
        }
        if let fallen {
            guard hasGone(fallen, within: .zero) else { throw hangs("use", "\(location)") }
            self.fallen = nil
        }
        guard let credentials = credentials() else {
            throw TargetError(
                operation: "sign in to", path: "\(location)", code: EACCES, cure: "Its password is sealed with a key that this node does not have: set it again.")
        }
        let started = try start()
        child = started
        var opening = WireTargetOpening()
        opening.location = "\(location)"
        (opening.user, opening.password, opening.domain) = (credentials.user, credentials.password, credentials.domain)
        do throws(TargetError) {
            _ = try exchange(opening, [], with: started, until: deadline)
        } catch {
            // It ends by itself; another may fare better.
            if let child {
                self.child = nil
                finish(child)
            }
            throw error
        }
        return started
    }

    private func start() throws(TargetError) -> Child {
        let program = try TargetProgram.path(for: location)
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw TargetError(operation: "start", path: program, code: errno)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup(location.name), nil]
        // Nothing of the node's environment is its business but where libraries are.
        let inherited = (["PATH", "LD_LIBRARY_PATH", "LANG"] as [String]).compactMap { name in
            ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
        }
        var environment: [UnsafeMutablePointer<CChar>?] = inherited.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, nil, &arguments, &environment)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw TargetError(operation: "start", path: program, code: code)
        }
        return Child(pid: pid, descriptor: ends[0])
    }

    private func kill(_ child: Child) {
        Foundation.kill(child.pid, SIGKILL)
        if !hasGone(child, within: .milliseconds(200)) { fallen = child }
    }

    /// Lets it end by itself, which takes no time unless it hangs.
    private func finish(_ child: Child) {
        shutdown(child.descriptor, Int32(SHUT_WR))
        if !hasGone(child, within: .milliseconds(500)) { kill(child) }
    }

    /// Whether the process has ended; then nothing is left of it. A socket whose other side is closed says so.
    private func hasGone(_ child: Child, within limit: Duration) -> Bool {
        var entry = pollfd(fd: child.descriptor, events: 0, revents: 0)
        let deadline = ContinuousClock.now + limit
        repeat {
            let left = max(0, Int32((deadline - .now) / .milliseconds(1)))
            poll(&entry, 1, left)
            if waitpid(child.pid, nil, WNOHANG) != 0 {
                close(child.descriptor)
                return true
            }
            // Its socket is closed and the rest of its end takes a moment.
            if entry.revents != 0 { usleep(200) }
        } while ContinuousClock.now < deadline
        return false
    }
}
