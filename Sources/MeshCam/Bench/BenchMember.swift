import CNamespace
import Foundation
import Synchronization

/// One node of a measurement: a process with a network, mounts and a host name of its own, whose log is read as it is written.
final class BenchMember: Sendable {
    /// A line of its log, and when it came.
    struct Line: Sendable {
        let member: Int
        let text: String
        let at: ContinuousClock.Instant
    }

    static let webPort = 8443
    static let httpPort: UInt16 = 8080

    /// From 0.
    let index: Int
    let pid: Int32
    private let process: Mutex<Process>
    private let input: FileHandle

    /// Starts its namespaces; the node itself waits for ``start()``.
    init(index: Int, config: String, lines: AsyncStream<Line>.Continuation) throws {
        self.index = index
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = "mount --make-rprivate / && mount -t tmpfs -o mode=755 host /run && ip link set lo up && echo ready && read go && exec \"$0\" \"$@\""
        process.arguments = [
            "unshare", "--net", "--mount", "--uts", "sh", "-c", script, Command.thisProgram, "run", "--config", config, "--stop-with-input",
        ]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MESHCAM_") && $0.key != "XDG_RUNTIME_DIR" }
        let (input, output, log) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = log
        try process.run()
        self.input = input.fileHandleForWriting
        pid = process.processIdentifier
        self.process = Mutex(process)
        guard output.fileHandleForReading.availableData.starts(with: Data("ready".utf8)) else {
            throw NodeError("cannot make a network for a node", cure: "Its error stands above.")
        }
        let descriptor = dup(log.fileHandleForReading.fileDescriptor)
        let reader = Thread { ProcessOutput.read(descriptor) { lines.yield(Line(member: index, text: $0, at: .now)) } }
        reader.name = "log \(index)"
        reader.start()
    }

    func start() throws { try input.write(contentsOf: Data("\n".utf8)) }

    /// Ends it in order.
    func stop() { try? input.close() }

    /// The token that admits to its API; `nil` until it runs.
    var token: String? {
        FileManager.default.contents(atPath: "/proc/\(pid)/root/run/meshcam/access/\(Self.webPort).json")
            .flatMap { try? JSONCoding.decoder.decode(LocalAccess.self, from: $0) }?.token
    }

    /// A connection to its plain HTTP port.
    func connect() throws -> BenchConnection { try BenchConnection(process: pid, port: Self.httpPort, token: token ?? "") }
}

/// One request over plain HTTP to the loopback of another network namespace. Blocking: for a thread of its own.
struct BenchConnection: ~Copyable {
    private let descriptor: Int32
    private let token: String

    /// - Parameter process: whose network it is.
    fileprivate init(process: Int32, port: UInt16, token: String) throws {
        let file = open("/proc/\(process)/ns/net", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure("open the network of process \(process)") }
        defer { close(file) }
        // This thread alone moves, and ends soon: nothing else of this process is in the other network.
        guard meshcam_enter_network(file) == 0 else { throw Self.failure("enter the network of process \(process)") }
        let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { throw Self.failure("open a socket") }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(opened, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let failure = Self.failure("connect to the node")
            close(opened)
            throw failure
        }
        descriptor = opened
        self.token = token
    }

    deinit { close(descriptor) }

    /// Sends the request and answers the body, whatever its framing: the connection ends with the answer.
    consuming func send(_ method: String, _ path: String, body: String = "") throws -> Data {
        let request = """
            \(method) /api/mesh/v1\(path) HTTP/1.1\r
            Host: localhost\r
            Authorization: Bearer \(token)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r
            \(body)
            """
        let bytes = Array(request.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Self.failure("send a request") }
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw Self.failure("receive an answer") }
            answer.append(contentsOf: buffer[..<count])
        }
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)), answer.starts(with: Data("HTTP/1.1 2".utf8)) else {
            throw Command.Failure(description: "\(method) \(path): \(String(decoding: answer.prefix(200), as: UTF8.self))")
        }
        return answer[end.upperBound...]
    }

    private static func failure(_ operation: String) -> Command.Failure {
        Command.Failure(description: "cannot \(operation): \(String(cString: strerror(errno)))")
    }
}

/// Runs blocking work on a thread of its own.
func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
    }
}
