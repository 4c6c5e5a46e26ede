internal import CSandbox
import Foundation

/// A target that is a directory: a disk, or a share that the system has mounted.
///
/// Every call may block for as long as the file system behind it likes; callers bring their own thread. Nothing below the root is reached
/// through a symbolic link: whoever may write on the share must not choose what this machine opens.
package struct DirectoryTarget: TargetFiles {
    /// Absolute path of the target's root.
    let root: String

    package init(root: String) { self.root = root }

    package func probe() throws(TargetError) {
        try makeDirectory(".meshcam")
        // Other nodes probe here, too.
        let name = ".meshcam/.probe-\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        try replace(name, with: [0x6f, 0x6b])
        try remove(name)
    }

    package func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) {
        var flags = O_WRONLY | O_CLOEXEC
        if offset == 0 {
            try makeDirectory(parent(of: file))
            flags |= O_CREAT | O_EXCL
        }
        let descriptor = try open(file, flags, as: offset == 0 ? "create" : "open")
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
            if offset == 0 { try? remove(file) }
            throw TargetError(operation: "write", path: path(file), code: code)
        }
    }

    package func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) {
        try makeDirectory(parent(of: file))
        let temporary = TemporaryName.of(file)
        let descriptor = try open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, as: "create")
        let code = Bytes(bytes).withBytes { Self.writeAll($0, to: descriptor, at: 0) }
            ?? (fsync(descriptor) == 0 ? nil : errno)
        close(descriptor)
        if let code {
            try? remove(temporary)
            throw TargetError(operation: "write", path: path(file), code: code)
        }
        try inParent(of: file) { directory, name throws(TargetError) in
            guard renameat(directory, self.name(of: temporary), directory, name) == 0 else { throw failure("rename to", file) }
        }
    }

    package func truncate(_ file: String, to count: Int) throws(TargetError) {
        let descriptor = try open(file, O_WRONLY | O_CLOEXEC, as: "open")
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0 else { throw failure("shorten", file) }
    }

    package func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        let descriptor = try open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC, as: "open")
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

    /// The pages that this machine remembers are dropped first: what was written and is wrong on the disk would look right in them.
    package func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        let descriptor = try open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC, as: "open")
        posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
        close(descriptor)
        return try Digest.of(self, file, at: offset, count: count)
    }

    package func look(at file: String) throws(TargetError) -> TargetEntry {
        guard !file.isEmpty else {
            var info = stat()
            guard stat(root, &info) == 0 else { throw failure("look at", file) }
            return Self.entry("", info)
        }
        var found: TargetEntry?
        try inParent(of: file) { directory, name throws(TargetError) in
            found = Self.entry(name, in: directory)
            if found == nil { throw failure("look at", file) }
        }
        guard let found else { throw failure("look at", file) }
        return found
    }

    package func remove(_ file: String) throws(TargetError) {
        do throws(TargetError) {
            try inParent(of: file) { directory, name throws(TargetError) in
                guard unlinkat(directory, name, 0) == 0 else { throw failure("delete", file) }
            }
        } catch {
            if error.code != ENOENT { throw error }
        }
    }

    package func list(_ directory: String) throws(TargetError) -> [TargetEntry] {
        let descriptor: Int32
        do throws(TargetError) {
            descriptor = try open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, as: "list")
        } catch {
            if error.code == ENOENT, !directory.isEmpty { return [] }
            throw error
        }
        guard let handle = fdopendir(descriptor) else {
            close(descriptor)
            throw failure("list", directory)
        }
        defer { closedir(handle) }
        var entries: [TargetEntry] = []
        while true {
            // The end and a failure look the same but for this: half a list would tell that the other half is gone.
            errno = 0
            guard let item = readdir(handle) else { break }
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            if let entry = Self.entry(name, in: descriptor) {
                entries.append(entry)
            } else if errno != ENOENT, errno != ELOOP {
                // What goes away meanwhile was not there, and a link is nothing of ours.
                throw failure("list", directory)
            }
        }
        guard errno == 0 else { throw failure("list", directory) }
        return entries.sorted { $0.name < $1.name }
    }

    package func space() throws(TargetError) -> TargetSpace {
        var info = statvfs()
        guard statvfs(root, &info) == 0 else { throw failure("measure", "") }
        let block = Int(info.f_frsize)
        return TargetSpace(free: Int(info.f_bavail) * block, total: Int(info.f_blocks) * block)
    }

    /// Which directory the root is: another one where something was mounted or unmounted.
    struct Identity: Sendable, Equatable {
        let device, file: UInt64
    }

    func identity() throws(TargetError) -> Identity {
        var info = stat()
        guard stat(root, &info) == 0 else { throw failure("use", "") }
        return Identity(device: UInt64(info.st_dev), file: UInt64(info.st_ino))
    }

    // MARK: -

    private func path(_ relative: String) -> String { relative.isEmpty ? root : "\(root)/\(relative)" }

    private func parent(of file: String) -> String { file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "" }

    private func name(of file: String) -> String { file.lastIndex(of: "/").map { String(file[file.index(after: $0)...]) } ?? file }

    private func open(_ file: String, _ flags: Int32, as operation: String) throws(TargetError) -> Int32 {
        let directory = Foundation.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("use", "") }
        let descriptor = csandbox_open_below(directory, file.isEmpty ? "." : file, flags, 0o640)
        let code = errno
        close(directory)
        guard descriptor >= 0 else { throw TargetError(operation: operation, path: path(file), code: code) }
        return descriptor
    }

    /// Does something in the directory that holds the file.
    private func inParent(of file: String, _ work: (_ directory: Int32, _ name: String) throws(TargetError) -> Void) throws(TargetError) {
        let directory = try open(parent(of: file), O_RDONLY | O_DIRECTORY | O_CLOEXEC, as: "open")
        defer { close(directory) }
        try work(directory, name(of: file))
    }

    /// Creates a directory below the root, and those above it. The root itself must exist.
    private func makeDirectory(_ directory: String) throws(TargetError) {
        if directory.isEmpty { return }
        if let descriptor = try? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, as: "open") {
            close(descriptor)
            return
        }
        var made = ""
        for part in directory.split(separator: "/") {
            let above = try open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC, as: "open")
            defer { close(above) }
            made += made.isEmpty ? "\(part)" : "/\(part)"
            guard mkdirat(above, String(part), 0o750) == 0 || errno == EEXIST else { throw failure("create", made) }
        }
    }

    /// Nil for what is not there, and for links.
    private static func entry(_ name: String, in directory: Int32) -> TargetEntry? {
        var info = stat()
        guard fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        guard info.st_mode & S_IFMT != S_IFLNK else {
            errno = ELOOP
            return nil
        }
        return entry(name, info)
    }

    private static func entry(_ name: String, _ info: stat) -> TargetEntry {
        TargetEntry(
            name: name, isDirectory: info.st_mode & S_IFMT == S_IFDIR, size: Int(info.st_size),
            modified: .init(seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec))
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
