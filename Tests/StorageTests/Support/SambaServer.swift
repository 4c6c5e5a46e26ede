import Foundation
import TestSupport

/// A real smbd on a port of its own on the loopback, serving one share to guests and to one user.
///
/// Ends with this value.
final class SambaServer: @unchecked Sendable {
    // Invariant behind @unchecked: `process` is touched by one test at a time.

    static let user = NSUserName()
    static let password = "correct horse 7"

    let directory: String
    let share: String
    let port: Int
    private var process: ChildProcess?

    /// - Parameter guests: whether somebody without a name is let in.
    init(guests: Bool = true) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-smbd-\(UUID().uuidString)").path
        self.directory = directory
        share = "\(directory)/share"
        port = try Self.freePort()
        for folder in [share, "\(directory)/state"] { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
        let places = ["pid", "lock", "state", "cache"].map { "\($0) directory = \(directory)/state" }.joined(separator: "\n")
        try """
            [global]
            server role = standalone server
            map to guest = \(guests ? "Bad User" : "Never")
            guest account = \(Self.user)
            load printers = no
            disable spoolss = yes
            disable netbios = yes
            smb ports = \(port)
            interfaces = lo
            bind interfaces only = yes
            \(places)
            private dir = \(directory)/state
            ncalrpc dir = \(directory)/state/ncalrpc
            log file = \(directory)/smb.log
            server min protocol = SMB2
            [cam]
            path = \(share)
            read only = no
            guest ok = \(guests ? "yes" : "no")
            """.write(toFile: "\(directory)/smb.conf", atomically: true, encoding: .utf8)
        if !guests { try Self.run(["/usr/bin/smbpasswd", "-c", "\(directory)/smb.conf", "-a", "-s", Self.user], input: "\(Self.password)\n\(Self.password)\n") }
        try start()
    }

    deinit { stop() }

    func start() throws {
        let process = try ChildProcess(["/usr/sbin/smbd", "--foreground", "--no-process-group", "-s", "\(directory)/smb.conf"])
        self.process = process
        let deadline = ContinuousClock.now + .seconds(20)
        while !Self.answers(port) {
            guard ContinuousClock.now < deadline, process.isRunning else { throw TestFailure("smbd does not come up; see \(directory)/smb.log") }
            usleep(20_000)
        }
    }

    /// Ends it together with the process that serves a client, which smbd's own end takes along.
    func stop() {
        process?.stop()
        process = nil
    }

    private static func run(_ command: [String], input: String) throws {
        let run = try Tool(command, input: input)
        guard run.status == 0 else { throw TestFailure("\(command[0]) failed: \(run.errors)") }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0 }
        }
        guard isBound else { throw TestFailure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
