import Foundation

/// Small files that a power cut leaves either old or new, never torn.
public enum DurableFile {
    /// The content, or `nil` when there is no such file. `operation` says in an error what could not be done.
    public static func read(_ path: String, limit: Int, operation: String) throws(TrustError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(operation, path)
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while content.count <= limit {
            let n = Glibc.read(descriptor, &part, part.count)
            if n < 0, errno == EINTR { continue }
            guard n >= 0 else { throw failure(operation, path) }
            if n == 0 { return content }
            content += part[..<n]
        }
        throw TrustError(operation: operation, reason: "\(path) is larger than \(limit) bytes", cure: "Move it away and start again.")
    }

    /// Writes beside the file, forces it to the disk, renames it over the old one, forces the directory: after a return the
    /// content survives a power cut. Mode 0600.
    public static func write(_ content: [UInt8], to path: String, operation: String) throws(TrustError) {
        let directory = (path as NSString).deletingLastPathComponent
        try makeDirectory(directory, operation: operation)
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(operation, temporary) }
        var written = 0
        var problem: Int32 = 0
        content.withUnsafeBytes { bytes in
            while written < bytes.count, problem == 0 {
                let n = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if n >= 0 { written += n } else if errno != EINTR { problem = errno }
            }
        }
        if problem == 0, fsync(descriptor) != 0 { problem = errno }
        if close(descriptor) != 0, problem == 0 { problem = errno }
        if problem == 0, rename(temporary, path) != 0 { problem = errno }
        guard problem == 0 else {
            unlink(temporary)
            errno = problem
            throw failure(operation, path)
        }
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw failure(operation, directory) }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw failure(operation, directory) }
    }

    /// Makes a directory that only we can read, with its parents.
    static func makeDirectory(_ path: String, operation: String) throws(TrustError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw failure(operation, path) }
        let parent = (path as NSString).deletingLastPathComponent
        guard !parent.isEmpty, parent != path else { throw failure(operation, path) }
        try makeDirectory(parent, operation: operation)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(operation, path) }
    }

    private static func failure(_ operation: String, _ path: String) -> TrustError {
        let code = errno
        let cure =
            switch code {
            case EACCES, EPERM, EROFS: "Make \(path) and its directory writable for this user, or name another state directory."
            case ENOSPC, EDQUOT: "Free space on that disk."
            default: "Check the disk, or name another state directory."
            }
        return TrustError(operation: operation, reason: "\(path): \(String(cString: strerror(code)))", cure: cure, code: code)
    }
}

/// A content with its BLAKE2b at the end, so that a damaged file is seen as such.
enum Checksummed {
    static let length = 32

    static func seal(_ content: [UInt8]) -> [UInt8] { content + blake2b(content, length: length) }

    /// `nil` when the checksum does not fit.
    static func open(_ file: [UInt8]) -> [UInt8]? {
        guard file.count >= length else { return nil }
        let content = Array(file.dropLast(length))
        return blake2b(content, length: length) == Array(file.suffix(length)) ? content : nil
    }
}
