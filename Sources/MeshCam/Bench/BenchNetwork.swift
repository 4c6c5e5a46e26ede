import Foundation

/// A network of namespaces for a measurement: hosts on a bridge that can lose packets. It ends with this process.
struct BenchNetwork {
    /// Starts this program again with those arguments in a network, mounts and processes of its own, in this process's place.
    static func replaceThisProcess(arguments: [String]) throws -> Never {
        let apart = ["--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"] + (geteuid() == 0 ? [] : ["--map-root-user"])
        guard (try? Command.run("unshare", apart + ["true"])) != nil else {
            throw NodeError(
                "this measurement makes networks of its own, and this user may not",
                cure: "Run it as root (sudo), or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1).")
        }
        guard (try? Command.run("ip", ["-V"])) != nil else {
            throw NodeError("the command 'ip' is missing", cure: "Install iproute2.")
        }
        let prepare = "mount --make-rprivate / && mount -t tmpfs -o mode=755 bench /run && ip link set lo up && exec \"$0\" \"$@\""
        let all = ["unshare"] + apart + ["sh", "-c", prepare, Command.thisProgram] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) }
        pointers.append(nil)
        execvp("unshare", pointers)
        throw NodeError("cannot start unshare: \(String(cString: strerror(errno)))", cure: "Install util-linux.")
    }

    /// Of host number `number`, from 1.
    static func address(_ number: Int) -> String { "10.77.\(number / 250).\(number % 250 + 1)" }

    private let hosts: Int

    /// Makes the bridge for so many hosts.
    init(hosts: Int) throws {
        self.hosts = hosts
        try Command.run("ip", ["link", "add", "mesh", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0"])
        try Command.run("ip", ["link", "set", "mesh", "up"])
    }

    /// Takes bridge and lines away, for the next measurement of the same process: the kernel clears up after hosts that ended when it likes.
    func end() {
        for name in ["mesh"] + (1...hosts).map({ "p\($0)" }) { _ = try? Command.run("ip", ["link", "del", name]) }
    }

    /// Connects the network namespace of a process, as host number `number`.
    func connect(_ process: Int32, number: Int) throws {
        let port = "p\(number)"
        try Command.run("ip", ["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", "\(process)"])
        try Command.run("ip", ["link", "set", port, "master", "mesh", "up"])
        let there = ["--target", "\(process)", "--net", "ip"]
        try Command.run("nsenter", there + ["address", "add", "\(Self.address(number))/16", "dev", "eth0"])
        try Command.run("nsenter", there + ["link", "set", "eth0", "up"])
    }

    /// What a host sends goes through a link of so many Mbit/s, with a queue that loses nothing of half a second.
    func narrow(_ process: Int32, mbit: Int) throws {
        try Command.run(
            "nsenter",
            ["--target", "\(process)", "--net", "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "\(mbit)mbit", "burst", "128kb", "limit", "\(mbit * 62_500)"])
    }

    /// From now on so many percent of all packets between hosts are lost, each by itself.
    func lose(percent: Int) throws {
        guard percent > 0 else {
            _ = try? Command.run("nft", ["delete", "table", "bridge", "loss"])
            for number in 1...hosts { _ = try? Command.run("tc", ["qdisc", "del", "dev", "p\(number)", "root"]) }
            return
        }
        try lose(percent: 0)
        do {
            try Command.run("nft", ["add", "table", "bridge", "loss"])
            try Command.run("nft", ["add", "chain", "bridge", "loss", "forward", "{ type filter hook forward priority 0; }"])
            try Command.run("nft", ["add", "rule", "bridge", "loss", "forward", "numgen", "random", "mod", "100", "<", "\(percent)", "drop"])
        } catch {
            do {
                for number in 1...hosts { try Command.run("tc", ["qdisc", "add", "dev", "p\(number)", "root", "netem", "loss", "\(percent)%"]) }
            } catch let other {
                throw NodeError(
                    "cannot make the network lose packets: nft: \(error); tc: \(other)",
                    cure: "Install nftables, or a kernel with netem; without either, measure with --loss 0.")
            }
        }
    }
}

extension Process {
    /// As `run()`, for programs that end by a signal: threads of a pool block signals, and a program inherits that.
    func runHearingSignals() throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}

/// A system command that is waited for.
enum Command {
    /// This program's file.
    static var thisProgram: String { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ name: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let errors = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let said = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "exit code \(process.terminationStatus)"
            throw Failure(description: "\(name): \(said)")
        }
    }
}
