/// The hash chain of a clip as its file has it, computed anew, and how far its camera's signatures in the file vouch for it.
///
/// A link ends with the file's `moov` or with an `mdat`, because so the recorder hands its pieces on; what stands between two links, such as
/// padding, belongs to the later one; a ``SignedHead`` belongs to none. Takes the file in pieces of whole boxes, or reads it. Untrusted input:
/// every length is checked, nothing traps, memory stays small.
struct FileChain: Sendable {
    /// The newest link's head; nil before the init segment is whole.
    private(set) var head: [UInt8]?
    /// Whole fragments that it covers.
    private(set) var fragments = 0
    /// Bytes up to its end, signatures behind it included.
    private(set) var bytes = 0
    /// As far as the camera's own signatures reach: fragments and bytes, and the head that they cover.
    private(set) var signed: (fragments: Int, bytes: Int, head: [UInt8])?
    /// A signature in the file is not right where it stands.
    private(set) var hasWrongSignature = false

    /// The heads after certain numbers of fragments, as far as it came.
    private(set) var heads: [Int: [UInt8]] = [:]
    private let marks: Set<Int>

    private let clip: ClipID
    private let isSigned: @Sendable (SignedHead) -> Bool
    private var link: HashChain.OpenLink
    /// Whether the open link has bytes already.
    private var isBetweenLinks = true
    private var offset = 0

    private static let chunk = 1 << 20

    /// - Parameters:
    ///   - isSigned: whether a signature is the camera's. Whether it fits the file is told here.
    ///   - marks: after how many fragments the head is kept.
    init(clip: ClipID, marks: Set<Int> = [], isSigned: @escaping @Sendable (SignedHead) -> Bool) {
        (self.clip, self.marks, self.isSigned) = (clip, marks, isSigned)
        link = HashChain.OpenLink(clip: clip)
    }

    /// Reads a file up to its first box that is not whole.
    ///
    /// - Parameters:
    ///   - size: bytes in the file.
    ///   - limit: fragments to read, at most.
    ///   - read: bytes at (offset, count); fewer at the end of the file.
    init(
        clip: ClipID, size: Int, limit: Int = .max, marks: Set<Int> = [], isSigned: @escaping @Sendable (SignedHead) -> Bool = { _ in false },
        read: (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) rethrows {
        self.init(clip: clip, marks: marks, isSigned: isSigned)
        var boxes = 0
        while size - offset >= 8, boxes < FragmentedMP4Scan.boxLimit {
            boxes += 1
            guard let box = BoxHeader(try read(offset, 16)), box.size <= size - offset else { return }
            if head != nil, fragments >= limit {
                // What stands behind the last fragment, and its signature, is not asked for.
                guard box.type == SignedHead.boxType, box.size == SignedHead.size, take(signatureIn: try read(offset, box.size)) else { return }
                continue
            }
            if box.type == SignedHead.boxType, box.size == SignedHead.size, take(signatureIn: try read(offset, box.size)) { continue }
            let end = offset + box.size
            while offset < end {
                let part = try read(offset, min(Self.chunk, end - offset))
                if part.isEmpty { return }
                part.withUnsafeBytes { link.append($0) }
                offset += part.count
            }
            closeLink(behind: box.type)
        }
    }

    /// Goes on with the next bytes of the file.
    ///
    /// - Parameter limit: boxes to look at, at most.
    /// - Returns: false when they are not whole boxes, or more than the limit; what came before counts.
    mutating func take(_ piece: [UInt8], boxes limit: Int = .max) -> Bool {
        var place = 0
        var boxes = 0
        while place < piece.count {
            boxes += 1
            guard boxes <= limit, let box = BoxHeader(piece[place...].prefix(16)), box.size <= piece.count - place else { return false }
            let bytes = piece[place..<place + box.size]
            place += box.size
            if box.type == SignedHead.boxType, box.size == SignedHead.size, take(signatureIn: Array(bytes)) { continue }
            bytes.withUnsafeBytes { link.append($0) }
            offset += box.size
            closeLink(behind: box.type)
        }
        return true
    }

    private mutating func closeLink(behind type: BoxType) {
        isBetweenLinks = false
        guard head == nil ? type == .moov : type == .mdat else { return }
        if head != nil { fragments += 1 }
        let made = link.close()
        head = made
        bytes = offset
        if marks.contains(fragments) { heads[fragments] = made }
        link = HashChain.OpenLink(after: made)
        isBetweenLinks = true
    }

    /// Answers false for a box that is something else.
    private mutating func take(signatureIn box: [UInt8]) -> Bool {
        guard let found = SignedHead(box: box) else { return false }
        offset += box.count
        guard isBetweenLinks, let head, found.clip == clip, found.fragments == fragments, found.head == head, isSigned(found) else {
            hasWrongSignature = true
            // It is no part of what was recorded; what follows still may be.
            if isBetweenLinks { bytes = offset }
            return true
        }
        bytes = offset
        signed = (fragments, offset, head)
        return true
    }
}
