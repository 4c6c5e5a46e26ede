/// The hash chain of a clip as its file has it, computed anew.
///
/// A link ends with the file's `moov` or with an `mdat`, because so the recorder hands its pieces on; what stands between two links, such as
/// padding, belongs to the later one. Untrusted input: every length is checked, nothing traps, memory stays small.
struct FileChain: Sendable, Equatable {
    /// The newest link's head; nil before the init segment is whole.
    private(set) var head: [UInt8]?
    /// Whole fragments that it covers.
    private(set) var fragments = 0
    /// Bytes that it covers, from the file's first on.
    private(set) var bytes = 0

    private static let chunk = 1 << 20

    /// - Parameters:
    ///   - size: bytes in the file.
    ///   - limit: fragments to read, at most.
    ///   - read: bytes at (offset, count); fewer at the end of the file.
    init(clip: ClipID, size: Int, limit: Int = .max, read: (_ offset: Int, _ count: Int) throws -> [UInt8]) rethrows {
        var link = HashChain.OpenLink(clip: clip)
        var offset = 0
        while size - offset >= 8, head == nil || fragments < limit {
            guard let box = BoxHeader(try read(offset, 16)), box.size <= size - offset else { return }
            let end = offset + box.size
            while offset < end {
                let bytes = try read(offset, min(Self.chunk, end - offset))
                if bytes.isEmpty { return }
                bytes.withUnsafeBytes { link.append($0) }
                offset += bytes.count
            }
            let isLink = head == nil ? box.type == .moov : box.type == .mdat
            guard isLink else { continue }
            if head != nil { fragments += 1 }
            let made = link.close()
            head = made
            bytes = end
            link = HashChain.OpenLink(after: made)
        }
    }
}
