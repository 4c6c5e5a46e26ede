/// What a storage target can do, whatever it is: files below one root, named by paths relative to it.
///
/// Every call may block for as long as the target does. Where that must not stop the caller, ``TargetProcess`` stands between them.
package protocol TargetFiles: Sendable {
    /// Whether the root is there and writable, found out by writing.
    func probe() throws(TargetError)

    /// Writes `parts` one behind the other from `offset` of a file on, and makes them as durable as the target can. The file's first bytes
    /// create it, exclusively, together with the directories above it: a file of that name that is there already belongs to somebody else, and
    /// `EEXIST` says so.
    func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError)

    /// Puts a whole file in place at once: readers see the old bytes or the new ones.
    func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError)

    /// Ends a file after `count` bytes, durably.
    func truncate(_ file: String, to count: Int) throws(TargetError)

    /// Fewer bytes than `count` only at the end of the file.
    func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8]

    /// SHA-256 of what the target itself holds there, as far as no cache of this machine answers in its stead.
    func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8]

    /// `ENOENT` where there is nothing.
    func look(at file: String) throws(TargetError) -> TargetEntry

    /// Nothing there is success.
    func remove(_ file: String) throws(TargetError)

    /// What lies in a directory, hidden entries left out, by name. Empty where there is no such directory.
    func list(_ directory: String) throws(TargetError) -> [TargetEntry]

    /// Free and total bytes behind the root.
    func space() throws(TargetError) -> TargetSpace
}

/// What is known of a file or directory without opening it.
package struct TargetEntry: Sendable, Equatable {
    /// The last part of its path.
    package var name: String
    package var isDirectory: Bool
    package var size: Int
    /// By the target's clock: good for telling whether something has changed, and for nothing else.
    package var modified: Modified

    package struct Modified: Sendable, Equatable {
        package var seconds: Int
        package var nanoseconds: Int

        package init(seconds: Int, nanoseconds: Int) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    package init(name: String, isDirectory: Bool, size: Int, modified: Modified) {
        self.name = name
        self.isDirectory = isDirectory
        self.size = size
        self.modified = modified
    }
}

/// How full a target is, in bytes.
package struct TargetSpace: Sendable, Equatable {
    package var free: Int
    package var total: Int

    package init(free: Int, total: Int) {
        self.free = free
        self.total = total
    }
}

extension TargetFiles {
    /// The whole of a small file. More than `limit` bytes are refused with `EFBIG`.
    package func readAll(_ file: String, limit: Int) throws(TargetError) -> [UInt8] {
        let size = try look(at: file).size
        guard size <= limit else { throw TargetError(operation: "read", path: file, code: TargetError.tooLarge) }
        return try read(file, at: 0, count: size)
    }

    /// The camera whose folder this is, by its `discovery.txt`; `nil` when there is none.
    func owner(of folder: String) -> String? {
        discoveryNote(in: folder).flatMap { DiscoveryNote(parsing: $0)?.camera }
    }

    /// The bytes of a folder's `discovery.txt`; `nil` when there is none.
    func discoveryNote(in folder: String) -> [UInt8]? { try? readAll("\(folder)/discovery.txt", limit: DiscoveryNote.sizeLimit) }
}
