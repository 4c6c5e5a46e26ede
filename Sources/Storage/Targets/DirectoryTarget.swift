import Crypto
import Foundation

/// A target that is a directory: a disk, or a share that the system has mounted.
///
/// Every call may block for as long as the file system behind it likes; callers bring their own thread.
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

    package func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) {
        try makeDirectory(parent(of: file))
        let temporary = TemporaryName.of(file)
        let descriptor = open(path(temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        let code = Bytes(bytes).withBytes { Self.writeAll($0, to: descriptor, at: 0) }
            ?? (fsync(descriptor) == 0 ? nil : errno)
        close(descriptor)
        if let code {
            unlink(path(temporary))
            throw TargetError(operation: "write", path: path(file), code: code)
        }
        guard rename(path(temporary), path(file)) == 0 else { throw failure("rename to", file) }
    }

    package func truncate(_ file: String, to count: Int) throws(TargetError) {
        let descriptor = open(path(file), O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", file) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0 else { throw failure("shorten", file) }
    }

    package func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
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

    /// The pages that this machine remembers are dropped first: what was written and is wrong on the disk would look right in them.
    package func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        let descriptor = open(path(file), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", file) }
        posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
        close(descriptor)
        return try Digest.of(self, file, at: offset, count: count)
    }

    package func look(at file: String) throws(TargetError) -> TargetEntry {
        guard let entry = entry(path(file), name: file.split(separator: "/").last.map(String.init) ?? "") else { throw failure("look at", file) }
        return entry
    }

    package func remove(_ file: String) throws(TargetError) {
        guard unlink(path(file)) == 0 || errno == ENOENT else { throw failure("delete", file) }
    }

    package func list(_ directory: String) throws(TargetError) -> [TargetEntry] {
        guard let handle = opendir(path(directory)) else {
            if errno == ENOENT { return [] }
            throw failure("list", directory)
        }
        defer { closedir(handle) }
        var entries: [TargetEntry] = []
        while let item = readdir(handle) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            // What goes away meanwhile was not there.
            if !name.hasPrefix("."), let entry = entry("\(path(directory))/\(name)", name: name) { entries.append(entry) }
        }
        return entries.sorted { $0.name < $1.name }
    }

    package func space() throws(TargetError) -> TargetSpace {
        var info = statvfs()
        guard statvfs(root, &info) == 0 else { throw failure("measure", "") }
        let block = Int(info.f_frsize)
        return TargetSpace(free: Int(info.f_bavail) * block, total: Int(info.f_blocks) * block)
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

    private func entry(_ path: String, name: String) -> TargetEntry? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return TargetEntry(
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
