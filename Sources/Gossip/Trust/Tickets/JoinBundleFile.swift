import Foundation

/// The bundle where a node finds it: in its state directory, or on its card.
public enum JoinBundleFile {
    /// Where a node looks, in this order.
    ///
    /// - Parameters:
    ///   - named: by the settings; then only there.
    ///   - state: the state directory.
    ///   - card: the boot partition, if there is one (``SetupCodeKeeper/card``).
    public static func places(named: String?, state: String, card: String?) -> [String] {
        if let named { return [named] }
        return [state, card].compactMap { $0.map { "\($0)/\(JoinBundle.fileName)" } }
    }

    /// The first file that is there. `nil`: none.
    ///
    /// - Throws: ``TrustError`` for one that cannot be read, ``JoinError`` for one that is no bundle.
    public static func find(in places: [String]) throws -> (path: String, bundle: JoinBundle)? {
        for path in places {
            guard let file = try DurableFile.read(path, limit: 4096, operation: "read the join bundle") else { continue }
            return (path, try JoinBundle(reading: file))
        }
        return nil
    }

    /// Writes zeros over a file, and removes it, so that the next who holds the card finds no ticket. (A card that moves what it writes
    /// may still hold the old bytes somewhere: the ticket is used up by then.)
    public static func wipe(_ path: String) throws(TrustError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw failure(path)
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        let zeros = [UInt8](repeating: 0, count: Int(min(max(size, 0), 1 << 16)))
        guard lseek(descriptor, 0, SEEK_SET) == 0, write(descriptor, zeros, zeros.count) == zeros.count, fsync(descriptor) == 0, unlink(path) == 0
        else { throw failure(path) }
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure(path) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> TrustError {
        let code = errno
        return TrustError(
            operation: "wipe the join bundle", reason: "\(path): \(String(cString: strerror(code)))",
            cure: "Remove the file yourself: whoever finds it may use what is left of its ticket.", code: code)
    }
}
