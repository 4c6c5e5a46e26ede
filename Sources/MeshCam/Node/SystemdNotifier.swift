import Foundation
import Glibc
import Logging

/// Tells systemd that the node is ready, alive and stopping (sd_notify(3)). Without systemd it does nothing.
struct SystemdNotifier: Sendable {
    let node: NodeServices
    private let socketPath: String?
    /// How often systemd wants to hear of a service with a watchdog; half of `WATCHDOG_USEC`.
    private let beat: Duration?

    init(node: NodeServices, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.node = node
        socketPath = environment["NOTIFY_SOCKET"]
        beat = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map { .microseconds($0 / 2) }
    }

    func run() async {
        guard socketPath != nil else { return await Task.untilCancelled() }
        do {
            while !node.isReady { try await ContinuousClock().sleep(for: .milliseconds(100)) }
            send("READY=1")
            guard let beat else {
                await Task.untilCancelled()
                return send("STOPPING=1")
            }
            while true {
                send("WATCHDOG=1")
                try await ContinuousClock().sleep(for: beat)
            }
        } catch {
            send("STOPPING=1")
        }
    }

    private func send(_ state: String) {
        guard let socketPath, !socketPath.isEmpty else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A leading @ stands for the zero byte of an abstract name.
        var path = Array(socketPath.utf8)
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let message = Array(state.utf8)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}

extension Task where Success == Never, Failure == Never {
    /// Returns when the current task is cancelled.
    static func untilCancelled() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }
}
