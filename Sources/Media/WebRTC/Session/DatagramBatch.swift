/// Datagrams to send, one after another in one buffer that is used again and again. Equally long ones to one address stand together, as
/// UDP GSO and sendmmsg want them.
struct DatagramBatch: Sendable {
    struct Entry: Sendable, Hashable {
        /// Where the datagram is in `bytes`.
        var range: Range<Int>
        var path: IcePath
    }

    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

    init() {}

    /// Keeps the memory for the next round.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Appends a finished datagram.
    mutating func append(_ datagram: [UInt8], path: IcePath) {
        let begin = bytes.count
        bytes += datagram
        entries.append(Entry(range: begin..<bytes.count, path: path))
    }

    /// Appends a packet that `write` appends, and encrypts it in place.
    /// - Parameters:
    ///   - overhead: Bytes that encryption adds, at most.
    ///   - protect: Encrypts the packet of so many bytes at the buffer's begin; answers how many it then has.
    /// - Returns: The datagram's length.
    mutating func append(
        path: IcePath, overhead: Int, write: (inout [UInt8]) -> Void, protect: (UnsafeMutableRawBufferPointer, Int) throws -> Int
    ) rethrows -> Int {
        let begin = bytes.count
        write(&bytes)
        let length = bytes.count - begin
        bytes += repeatElement(0, count: overhead)
        do {
            let protected = try bytes.withUnsafeMutableBytes { buffer in
                try protect(UnsafeMutableRawBufferPointer(rebasing: buffer[begin...]), length)
            }
            precondition(protected <= length + overhead, "encryption wrote \(protected) bytes into \(length + overhead)")
            bytes.removeLast(length + overhead - protected)
            entries.append(Entry(range: begin..<bytes.count, path: path))
            return protected
        } catch {
            bytes.removeLast(bytes.count - begin)
            throw error
        }
    }

    /// Whether it may be a question (RFC 7983); of what a viewer is sent, hardly anything is.
    func isSTUN(_ entry: Entry) -> Bool { bytes[entry.range.lowerBound] < 4 }

    /// The datagrams of `entry`.
    subscript(entry: Entry) -> ArraySlice<UInt8> { bytes[entry.range] }
}
