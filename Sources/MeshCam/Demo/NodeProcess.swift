import Foundation
import Synchronization

/// One node of a demo: a process of its own, which ends when this one does, however that happens.
final class NodeProcess: Sendable {
    let name: String
    let pid: Int32
    private let input: FileHandle
    private let process: Mutex<Process>
    private let ended: AsyncStream<Exit>
    private let hasEnded = Mutex(false)

    struct Exit: Sendable {
        let name: String
        /// Exit code, or the number of the signal that killed it.
        let code: Int32
        let wasKilled: Bool
    }

    init(name: String, config: String) throws {
        self.name = name
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "--config", config, "--stop-with-input"]
        // What steers commands on this terminal must not steer every node alike.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MESHCAM_") || $0.key == "MESHCAM_NODE_LOG_LEVEL" }
        let pipe = Pipe()
        process.standardInput = pipe
        let (ended, continuation) = AsyncStream.makeStream(of: Exit.self)
        process.terminationHandler = { process in
            continuation.yield(Exit(name: name, code: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal))
            continuation.finish()
        }
        try process.run()
        self.ended = ended
        self.input = pipe.fileHandleForWriting
        self.pid = process.processIdentifier
        self.process = Mutex(process)
    }

    /// Waits for its end. Once only.
    func wait() async -> Exit {
        for await exit in ended {
            hasEnded.withLock { $0 = true }
            return exit
        }
        return Exit(name: name, code: 0, wasKilled: false)
    }

    /// Asks it to stop in order.
    func stop() { try? input.close() }

    /// Ends it at once.
    func kill() {
        if !hasEnded.withLock({ $0 }) { Foundation.kill(pid, SIGKILL) }
    }
}
