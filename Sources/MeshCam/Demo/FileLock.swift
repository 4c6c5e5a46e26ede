import Foundation

/// A lock that ends with the process, however it ends (flock(2)).
struct FileLock: ~Copyable, Sendable {
    private let descriptor: Int32

    init(_ path: String, held: String, cure: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NodeError("cannot open \(path): \(String(cString: strerror(errno)))", cure: cure) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw NodeError(held, cure: cure)
        }
    }

    deinit { close(descriptor) }
}
