internal import CSMBClient
import Foundation
import Storage

/// A target that is a share of a NAS, spoken to in user space by libsmbclient (SMB 2 and 3).
///
/// libsmbclient has no fsync: what is written is safe when the NAS says so by showing it again, a minute later. Its rename over an existing name
/// deletes that name first, so a process that is killed in that moment leaves the new bytes under their temporary name (see ``TargetScan``).
///
/// One to a process, because libsmbclient keeps its connection in globals.
struct SMBTarget: TargetFiles {
    /// How long libsmbclient waits for one answer.
    private static let timeoutMilliseconds: Int32 = 10_000
    /// What servers take at once, and some more.
    private static let piece = 1 << 20

    /// Of the target's root, without a slash at the end.
    private let root: String
    /// The root's directories that may have to be made: those below the share.
    private let folder: String

    init(_ location: TargetLocation, _ credentials: TargetCredentials) throws(TargetError) {
        guard case .smb(let host, let port, let share, let folder) = location.kind else { throw .notServedHere(location) }
        guard !host.contains(":") else {
            throw TargetError(operation: "use", path: "\(location)", code: EAFNOSUPPORT)
        }
        root = "smb://\(host)\(port.map { ":\($0)" } ?? "")/\(Self.encoded(share))"
        self.folder = folder
        guard let context = smbc_new_context() else { throw TargetError(operation: "start", path: "libsmbclient", code: errno) }
        smbc_setDebug(context, 0)
        smbc_setOptionDebugToStderr(context, 1)
        smbc_setTimeout(context, Self.timeoutMilliseconds)
        smbc_setOptionProtocols(context, "SMB2", "SMB3")
        // A wrong password must not be taken for a guest.
        smbc_setOptionNoAutoAnonymousLogin(context, credentials.user.isEmpty ? 0 : 1)
        Login.credentials = credentials
        smbc_setFunctionAuthDataWithContext(context, Login.answer)
        guard let context = smbc_init_context(context) else { throw TargetError(operation: "start", path: "libsmbclient", code: errno) }
        smbc_set_context(context)
    }

    func probe() throws(TargetError) {
        // Only what is below the share can be made, and it is: people name a folder to have one.
        try makeDirectory("", below: folder)
        try makeDirectory(".meshcam", below: "")
        let name = ".meshcam/.probe-\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        try replace(name, with: [0x6f, 0x6b])
        try remove(name)
    }

    func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) {
        if offset == 0 { try makeDirectory(parent(of: file), below: "") }
        let flags: Int32 = offset == 0 ? O_WRONLY | O_CREAT | O_EXCL : O_WRONLY
        let handle = smbc_open(url(file), flags, 0o640)
        guard handle >= 0 else { throw failure(offset == 0 ? "create" : "open", file) }
        var code: Int32?
        if offset > 0, smbc_lseek(handle, off_t(offset), SEEK_SET) < 0 { code = errno }
        for part in parts where code == nil { code = Self.writeAll(part, to: handle) }
        // Some errors, a full disk among them, come with the close.
        if smbc_close(handle) != 0, code == nil { code = errno }
        if let code {
            // The file must not keep a name that a retry would then find taken.
            if offset == 0 { smbc_unlink(url(file)) }
            throw TargetError(operation: "write", path: shown(file), code: code)
        }
    }

    func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) {
        try makeDirectory(parent(of: file), below: "")
        let temporary = TemporaryName.of(file)
        let handle = smbc_open(url(temporary), O_WRONLY | O_CREAT | O_TRUNC, 0o640)
        guard handle >= 0 else { throw failure("create", temporary) }
        var code = Self.writeAll(bytes, to: handle)
        if smbc_close(handle) != 0, code == nil { code = errno }
        if let code {
            smbc_unlink(url(temporary))
            throw TargetError(operation: "write", path: shown(file), code: code)
        }
        guard smbc_rename(url(temporary), url(file)) == 0 else { throw failure("rename to", file) }
    }

    func truncate(_ file: String, to count: Int) throws(TargetError) {
        let handle = smbc_open(url(file), O_WRONLY, 0)
        guard handle >= 0 else { throw failure("open", file) }
        let code = smbc_ftruncate(handle, off_t(count)) == 0 ? nil : errno
        smbc_close(handle)
        if let code { throw TargetError(operation: "shorten", path: shown(file), code: code) }
    }

    func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        let handle = smbc_open(url(file), O_RDONLY, 0)
        guard handle >= 0 else { throw failure("open", file) }
        defer { smbc_close(handle) }
        var code: Int32?
        if offset > 0, smbc_lseek(handle, off_t(offset), SEEK_SET) < 0 { code = errno }
        let bytes = [UInt8](unsafeUninitializedCapacity: code == nil ? count : 0) { buffer, filled in
            while code == nil, filled < count {
                let got = smbc_read(handle, buffer.baseAddress! + filled, min(Self.piece, count - filled))
                if got == 0 { break }
                if got > 0 { filled += got } else { code = errno }
            }
        }
        if let code { throw TargetError(operation: "read", path: shown(file), code: code) }
        return bytes
    }

    /// libsmbclient caches no contents: whatever is read comes from the NAS.
    func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] { try Digest.of(self, file, at: offset, count: count) }

    func look(at file: String) throws(TargetError) -> TargetEntry {
        var info = stat()
        guard smbc_stat(url(file), &info) == 0 else { throw failure("look at", file) }
        return TargetEntry(file.split(separator: "/").last.map(String.init) ?? "", info)
    }

    func remove(_ file: String) throws(TargetError) {
        guard smbc_unlink(url(file)) == 0 || errno == ENOENT else { throw failure("delete", file) }
    }

    func list(_ directory: String) throws(TargetError) -> [TargetEntry] {
        let handle = smbc_opendir(url(directory))
        guard handle >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("list", directory)
        }
        defer { smbc_closedir(handle) }
        var entries: [TargetEntry] = []
        var info = stat()
        while true {
            errno = 0
            guard let item = smbc_readdirplus2(UInt32(handle), &info) else { break }
            guard let name = item.pointee.name.map({ String(cString: $0) }), !name.hasPrefix(".") else { continue }
            entries.append(TargetEntry(name, info))
        }
        // Half a list would tell that the other half is gone.
        guard errno == 0 else { throw failure("list", directory) }
        return entries.sorted { $0.name < $1.name }
    }

    func space() throws(TargetError) -> TargetSpace {
        var info = statvfs()
        // The C function asks for bytes that may be changed, and changes none.
        let result = url("").withCString { smbc_statvfs(UnsafeMutablePointer(mutating: $0), &info) }
        guard result == 0 else { throw failure("measure", "") }
        // libsmbclient gives the sector's size and the sectors of a unit, in place of a block's and a fragment's.
        let unit = Int(info.f_bsize) * max(1, Int(info.f_frsize))
        return TargetSpace(free: Int(info.f_bavail) * unit, total: Int(info.f_blocks) * unit)
    }

    // MARK: -

    private func url(_ file: String) -> String {
        let path = folder.isEmpty || file.isEmpty ? folder + file : "\(folder)/\(file)"
        return path.isEmpty ? root : "\(root)/\(Self.encoded(path))"
    }

    private func shown(_ file: String) -> String { file.isEmpty ? root : "\(root)/\(folder.isEmpty ? "" : "\(folder)/")\(file)" }

    /// RFC 3986 §2: libsmbclient decodes what it is given.
    private static func encoded(_ path: String) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/")
        return path.addingPercentEncoding(withAllowedCharacters: plain) ?? path
    }

    private func parent(of file: String) -> String { file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "" }

    /// Makes a directory and those above it.
    private func makeDirectory(_ directory: String, below: String) throws(TargetError) {
        let parts = (below.isEmpty ? directory : below).split(separator: "/")
        var made = ""
        for part in parts {
            made += made.isEmpty ? "\(part)" : "/\(part)"
            let address = below.isEmpty ? url(made) : "\(root)/\(Self.encoded(made))"
            guard smbc_mkdir(address, 0o750) == 0 || errno == EEXIST else { throw failure("create", made) }
        }
    }

    private func failure(_ operation: String, _ file: String) -> TargetError {
        TargetError(operation: operation, path: shown(file), code: errno)
    }

    /// Answers `errno` of the first failure.
    private static func writeAll(_ part: any FragmentBytes, to handle: Int32) -> Int32? {
        part.withBytes { bytes in
            var done = 0
            while done < bytes.count {
                let written = smbc_write(handle, bytes.baseAddress! + done, min(piece, bytes.count - done))
                if written < 0 { return errno }
                done += written
            }
            return nil
        }
    }
}

extension TargetEntry {
    fileprivate init(_ name: String, _ info: stat) {
        self.init(
            name: name, isDirectory: info.st_mode & S_IFMT == S_IFDIR, size: Int(info.st_size),
            modified: .init(seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec))
    }
}

/// What libsmbclient asks for when a server wants to know who comes.
private enum Login {
    /// Set once, before anything is connected; the process has one thread.
    nonisolated(unsafe) static var credentials = TargetCredentials.none

    static let answer: @convention(c) (
        UnsafeMutablePointer<SMBCCTX>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int32, UnsafeMutablePointer<CChar>?, Int32,
        UnsafeMutablePointer<CChar>?, Int32
    ) -> Void = { _, _, _, group, groupSize, user, userSize, password, passwordSize in
        func put(_ text: String, _ place: UnsafeMutablePointer<CChar>?, _ size: Int32) {
            guard let place, size > 0, !text.isEmpty || size > 0 else { return }
            strncpy(place, text, Int(size) - 1)
            place[Int(size) - 1] = 0
        }
        let known = Login.credentials
        if !known.domain.isEmpty { put(known.domain, group, groupSize) }
        put(known.user, user, userSize)
        put(known.password, password, passwordSize)
    }
}
