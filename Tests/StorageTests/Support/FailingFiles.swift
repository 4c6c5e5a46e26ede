import Synchronization

@testable import Storage

/// A directory in which some things cannot be read for a while.
final class FailingFiles: TargetFiles {
    private let base: DirectoryTarget
    private let failures = Mutex<[String: Int32]>([:])

    init(_ root: String) { base = DirectoryTarget(root: root) }

    /// From now on reading that file or listing that directory fails so; nil: no more.
    func fail(_ path: String, _ code: Int32?) { failures.withLock { $0[path] = code } }

    private func check(_ path: String) throws(TargetError) {
        if let code = failures.withLock({ $0[path] }) { throw TargetError(operation: "read", path: path, code: code) }
    }

    func list(_ directory: String) throws(TargetError) -> [TargetEntry] {
        try check(directory)
        return try base.list(directory)
    }

    func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        try check(file)
        return try base.read(file, at: offset, count: count)
    }

    func probe() throws(TargetError) { try base.probe() }
    func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) { try base.write(parts, at: offset, of: file) }
    func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) { try base.replace(file, with: bytes) }
    func truncate(_ file: String, to count: Int) throws(TargetError) { try base.truncate(file, to: count) }
    func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] { try base.digest(file, at: offset, count: count) }
    func look(at file: String) throws(TargetError) -> TargetEntry { try base.look(at: file) }
    func remove(_ file: String) throws(TargetError) { try base.remove(file) }
    func space() throws(TargetError) -> TargetSpace { try base.space() }
}
