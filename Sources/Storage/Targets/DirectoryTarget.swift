import Foundation

/// A target that is a directory: a disk, or a share that the system has mounted.
///
/// Every call may block for as long as the file system behind it likes; callers bring their own thread.
struct DirectoryTarget: Sendable {
    /// Absolute path of the target's root.
    let root: String

    /// Whether the root is there and writable, found out by writing.
    func probe() throws(TargetError) {
        try makeDirectory(".meshcam")
        let name = ".meshcam/.probe-\(getpid())"
        try replace(name, with: [0x6f, 0x6b])
        try remove(name)
    }

    /// Writes `parts` one behind the other from `offset` of a file on and makes them durable. The file's first bytes create it, exclusively: a file of
    /// that name that is there already belongs to somebody else, and `EEXIST` says so.
    func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) {
        var flags = O_WRONLY | O_CLOEXEC
        if offset == 0 {
            try makeDirectory(parent(of: file))
            flags |= O_CREAT | O_EXCL
        }
        let descriptor = open(path(file), flags, 0o640)
        guard descriptor >= 0 else { throw failure(offset == 0 ? "create" : "open", file) }
        defer { close(descriptor) }
        var code: Int32?
        var place = offset
        for part in parts where code == nil {
            code = Bytes(part).withBytes { Self.writeAll($0, to: descriptor, at: place) }
            place += part.count
        }
        if code == nil, fdatasync(descriptor) != 0 { code = errno }
        if let code {
            // The file must not keep a name that a retry would then find taken.
            if offset == 0 { unlink(path(file)) }
            throw TargetError(operation: "write", path: path(file), code: code)
        }
    }

    /// Puts a whole file in place at once: readers see the old bytes or the new ones.
    func replace(_ file: String, with bytes: some FragmentBytes) throws(TargetError) {
        try makeDirectory(parent(of: file))
        let temporary = "\(parent(of: file))/.\(URL(filePath: file).lastPathComponent).part"
        let descriptor = open(path(temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        let code = bytes.withBytes { Self.writeAll($0, to: descriptor, at: 0) }
            ?? (fsync(descriptor) == 0 ? nil : errno)
        close(descriptor)
        if let code {
            unlink(path(temporary))
            throw TargetError(operation: "write", path: path(file), code: code)
        }
        guard rename(path(temporary), path(file)) == 0 else { throw failure("rename to", file) }
    }

    /// Ends a file after `count` bytes, durably.
    func truncate(_ file: String, to count: Int) throws(TargetError) {
        let descriptor = open(path(file), O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", file) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0 else { throw failure("shorten", file) }
    }

    func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        let descriptor = open(path(file), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", file) }
        defer { close(descriptor) }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got > 0 { filled += got } else if got == 0 { break } else if errno != EINTR { code = errno; break }
            }
        }
        guard code == 0 else { throw TargetError(operation: "read", path: path(file), code: code) }
        return bytes
    }

    /// The whole of a small file. More than `limit` bytes are refused with `EFBIG`.
    func readAll(_ file: String, limit: Int) throws(TargetError) -> [UInt8] {
        let size = try self.size(file)
        guard size <= limit else { throw TargetError(operation: "read", path: path(file), code: EFBIG) }
        return try read(file, at: 0, count: size)
    }

    func size(_ file: String) throws(TargetError) -> Int {
        var info = stat()
        guard stat(path(file), &info) == 0 else { throw failure("look at", file) }
        return Int(info.st_size)
    }

    func remove(_ file: String) throws(TargetError) {
        guard unlink(path(file)) == 0 || errno == ENOENT else { throw failure("delete", file) }
    }

    /// Names in a directory, hidden ones left out, sorted. Empty when it does not exist.
    func list(_ directory: String) throws(TargetError) -> [String] {
        guard let handle = opendir(path(directory)) else {
            if errno == ENOENT { return [] }
            throw failure("list", directory)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Free and total bytes of the file system behind the root.
    func space() throws(TargetError) -> (free: Int, total: Int) {
        var info = statvfs()
        guard statvfs(root, &info) == 0 else { throw failure("measure", "") }
        let block = Int(info.f_frsize)
        return (Int(info.f_bavail) * block, Int(info.f_blocks) * block)
    }

    // MARK: -

    private func path(_ relative: String) -> String { relative.isEmpty ? root : "\(root)/\(relative)" }

    private func parent(of file: String) -> String {
        file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
    }

    /// Creates a directory below the root, and those above it. The root itself must exist: an empty mount point is no target.
    private func makeDirectory(_ directory: String) throws(TargetError) {
        var info = stat()
        guard stat(root, &info) == 0 else { throw failure("use", "") }
        var made = ""
        for part in directory.split(separator: "/") {
            made += made.isEmpty ? "\(part)" : "/\(part)"
            guard mkdir(path(made), 0o750) == 0 || errno == EEXIST else { throw failure("create", made) }
        }
    }

    private func failure(_ operation: String, _ file: String) -> TargetError {
        TargetError(operation: operation, path: path(file), code: errno)
    }

    /// Answers `errno` of the first failure.
    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int) -> Int32? {
        var done = 0
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if written >= 0 { done += written } else if errno != EINTR { return errno }
        }
        return nil
    }
}
