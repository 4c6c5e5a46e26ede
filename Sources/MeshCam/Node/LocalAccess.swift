import Foundation

/// What a program of the same user on the same machine needs to use a running node without a sign-in.
///
/// The token admits as administrator, so the file is readable by its owner alone; see ``LocalAccessDirectory``.
struct LocalAccess: Codable, Sendable, Equatable, CustomStringConvertible {
    /// HTTPS address, e.g. `https://localhost:8443`.
    var url: String
    /// Plain HTTP address on the loopback, where the node serves one.
    var httpUrl: String?
    /// Bearer token.
    var token: String
    /// SHA-256 of that certificate's DER, lower-case hexadecimal.
    var certificateSHA256: String
    /// The certificate served to who asks for ``serverName``. Self-signed, it is the only trust root of a client that found this file.
    var certificatePEM: String
    /// The TLS server name that gets that certificate; others get one for browsers, which changes. Absent: any name does.
    var serverName: String?
    /// NodeID in lower-case hexadecimal.
    var node: String
    /// The node's name.
    var name: String
    /// Its process.
    var pid: Int32

    /// What programs of this machine ask for (``serverName``). No browser does: the name leads nowhere.
    static let serverName = "local-access.meshcam.internal"

    /// Without the token, so that it cannot reach a log by accident.
    var description: String { "LocalAccess(\(name) at \(url), pid \(pid))" }
}

/// Local access files could not be written or trusted.
struct LocalAccessError: Error, Sendable, Equatable, CustomStringConvertible {
    var operation: String
    var path: String
    /// `errno`, or 0 where the system did not refuse anything.
    var code: Int32
    /// What is wrong, and what cures it.
    var message: String

    var description: String { "\(operation) \(path): \(message)" }

    init(_ operation: String, _ path: String, code: Int32, cure: String) {
        self.operation = operation
        self.path = path
        self.code = code
        message = "\(String(cString: strerror(code))); \(cure)"
    }

    init(_ operation: String, _ path: String, _ message: String) {
        self.operation = operation
        self.path = path
        code = 0
        self.message = message
    }
}

/// The directory of a user's ``LocalAccess`` files, one per running node, named `<web port>.json`, mode 0600 in a directory of mode 0700.
///
/// It refuses a directory (or its parent) that belongs to another user or is open to others: whoever owns it could hand out tokens of his own.
struct LocalAccessDirectory: Sendable {
    /// A file that was found, and the port in its name.
    struct Found: Sendable, Equatable {
        var port: Int
        var access: LocalAccess
    }

    let path: String
    private let userID: UInt32

    /// `/run/meshcam/access` for root, else `$XDG_RUNTIME_DIR/meshcam/access` or `/tmp/meshcam-<uid>/access`.
    init(host: HostFacts = .current) {
        self.init(path: host.runtimeDirectory + "/access", userID: host.userID)
    }

    init(path: String, userID: UInt32) {
        self.path = path
        self.userID = userID
    }

    private func file(_ port: Int) -> String { "\(path)/\(port).json" }

    /// Puts a node's file in place, whole or not at all; one that is there already is replaced.
    func write(_ access: LocalAccess, port: Int) throws {
        try prepare()
        let encoder = JSONCoding.prettyEncoder
        let content = Array(try encoder.encode(access))
        let target = file(port), temporary = "\(target).\(access.pid).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw LocalAccessError("cannot write", temporary, code: errno, cure: "let this user write there")
        }
        var code: Int32 = fchmod(descriptor, 0o600) == 0 ? 0 : errno  // whatever the umask is
        var written = 0
        while code == 0, written < content.count {
            let count = content.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written) }
            if count >= 0 { written += count } else if errno != EINTR { code = errno }
        }
        close(descriptor)
        if code == 0, rename(temporary, target) != 0 { code = errno }
        if code != 0 {
            unlink(temporary)
            throw LocalAccessError("cannot write", target, code: code, cure: "free some space or let this user write there")
        }
    }

    /// Takes a node's file away. One that is gone already, or that another process has replaced since, is left as it is.
    func remove(port: Int, pid: Int32 = getpid()) {
        guard let access = read(file(port)), access.pid == pid else { return }
        unlink(file(port))
    }

    /// The running nodes of this user, by port. Files whose process is gone are skipped and removed.
    ///
    /// - Parameter isAlive: whether a process exists. Default: asks the system.
    /// - Throws: when the directory exists and cannot be trusted.
    func list(isAlive: (Int32) -> Bool = Self.processExists) throws -> [Found] {
        guard try check(path, isOurs: true) else { return [] }
        var found: [Found] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            guard name.hasSuffix(".json"), let port = Int(name.dropLast(5)), (1...65535).contains(port),
                let access = read(file(port))
            else { continue }
            if isAlive(access.pid) {
                found.append(Found(port: port, access: access))
            } else {
                unlink(file(port))
            }
        }
        return found.sorted { $0.port < $1.port }
    }

    /// Whether there is such a process, whoever it belongs to.
    static func processExists(_ pid: Int32) -> Bool {
        pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
    }

    private func prepare() throws {
        let parent = (path as NSString).deletingLastPathComponent
        if !(try check(parent, isOurs: false)) {
            try? FileManager.default.createDirectory(
                atPath: (parent as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try make(parent, mode: 0o755)
        }
        if !(try check(path, isOurs: true)) { try make(path, mode: 0o700) }
        _ = try check(path, isOurs: true)
    }

    private func make(_ directory: String, mode: mode_t) throws {
        if mkdir(directory, mode) != 0, errno != EEXIST {
            throw LocalAccessError("cannot create", directory, code: errno, cure: "create it for this user, or set XDG_RUNTIME_DIR")
        }
    }

    /// Whether a directory exists; throws unless it is a real directory of this user's that nobody else can write to
    /// (or, `isOurs`, look into).
    private func check(_ directory: String, isOurs: Bool) throws -> Bool {
        var facts = stat()
        guard lstat(directory, &facts) == 0 else {
            if errno == ENOENT { return false }
            throw LocalAccessError("cannot look at", directory, code: errno, cure: "let this user read it")
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            throw LocalAccessError("cannot use", directory, "it is not a directory; remove it")
        }
        guard facts.st_uid == userID else {
            throw LocalAccessError("cannot trust", directory, "it belongs to user \(facts.st_uid), not to \(userID); remove it or set XDG_RUNTIME_DIR")
        }
        let forbidden: mode_t = isOurs ? 0o077 : 0o022
        guard facts.st_mode & forbidden == 0 else {
            throw LocalAccessError("cannot trust", directory, "others may \(isOurs ? "look into" : "write to") it; run: chmod \(isOurs ? "700" : "755") \(directory)")
        }
        return true
    }

    private static let largestFileBytes = 64 << 10

    /// A file's content, if it is a plain file of this user's that nobody else can read and says what it should.
    private func read(_ file: String) -> LocalAccess? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == userID,
            facts.st_mode & 0o077 == 0, let content = try? handle.read(upToCount: Self.largestFileBytes)
        else { return nil }
        return try? JSONCoding.decoder.decode(LocalAccess.self, from: content)
    }
}
