import Foundation

/// A process of a measurement on a host of its own: another network, connected by ``BenchNetwork``. Its output is read line by line.
actor BenchHost {
    nonisolated let pid: Int32
    private let process: Process
    private let input: FileHandle
    private let lines: AsyncStream<String>

    /// Makes the host; the program waits for ``start()``.
    ///
    /// - Parameter program: its name or path, and arguments. Default of `errors`: this process's own.
    init(_ program: [String], errors: FileHandle = .standardError) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = "ip link set lo up && echo ready && read go && exec \"$@\""
        process.arguments = ["unshare", "--net", "sh", "-c", script, "sh"] + program
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        let (lines, continuation) = AsyncStream<String>.makeStream()
        self.lines = lines
        try process.run()
        self.process = process
        self.input = input.fileHandleForWriting
        pid = process.processIdentifier
        let descriptor = dup(output.fileHandleForReading.fileDescriptor)
        let reader = Thread {
            ProcessOutput.read(descriptor) { continuation.yield($0) }
            continuation.finish()
        }
        reader.name = "output"
        reader.start()
    }

    /// Waits for the host.
    func ready() async throws {
        guard await next() == "ready" else { throw NodeError("cannot make a network for a measurement", cure: "Its error stands above.") }
    }

    func start() throws { try tell("go") }

    /// Writes a line to the program.
    func tell(_ line: String) throws { try input.write(contentsOf: Data("\(line)\n".utf8)) }

    /// The program's next line; nil at its end.
    func next() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Its next line, as JSON.
    func next<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        guard let line = await next() else { throw NodeError("a part of the measurement ended early", cure: "Its error stands above.") }
        return try JSONDecoder().decode(type, from: Data(line.utf8))
    }

    /// Ends it.
    func stop() {
        try? input.close()
        process.terminate()
        process.waitUntilExit()
    }
}

/// What a process writes.
enum ProcessOutput {
    /// Hands on each line as it comes, until the end; closes the descriptor. Blocking: for a thread of its own.
    static func read(_ descriptor: Int32, _ take: (String) -> Void) {
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16384)
        var rest: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        }
    }
}

/// What a process has used so far.
enum ProcessTime {
    /// User and system time in seconds, to the nanosecond: /proc/PID/stat rounds to hundredths, which is a tenth of what ten viewers cost in ten seconds.
    static func seconds(of pid: Int32) throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw NodeError("process \(pid) has no processor time: it has ended", cure: "Its own words are above.")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
