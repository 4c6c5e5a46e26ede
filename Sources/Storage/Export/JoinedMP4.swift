/// Recordings of one camera as one file: each clip's pictures begin where the last one's ended.
///
/// A fragmented MP4 like its parts, whose samples are copied: what changes are the fragments' times (`tfdt`) and numbers (`mfhd`); the camera's
/// signatures, which would not fit any more, are left out. A value that takes the clips' bytes as they come and gives the file's. Untrusted input:
/// nothing traps, and no more than one fragment waits.
public struct JoinedMP4: Sendable {
    public enum Problem: Error, Sendable, Equatable {
        /// It is no recording that MeshCam made, or it is damaged.
        case malformed
        /// Its pictures or sound are of another kind than those before, so that no player could show both in one file.
        case differs
    }

    private var scan = FragmentedMP4Scan()
    /// The first clip's, which goes for all.
    private var initSegment: [UInt8] = []
    /// What came of the clip at hand's.
    private var ownInit: [UInt8] = []
    private var isFirst = true
    /// Where the clip at hand begins in the file, and how far it goes so far, in seconds.
    private var begin = 0.0
    private var end = 0.0
    private var fragments: UInt32 = 0
    private var open: [UInt8] = []
    /// Bytes of a box that go nowhere, and are still to come.
    private var skipped = 0
    /// A fragment whose `mdat` is still to come, and where it ends.
    private var fragment: (bytes: [UInt8], end: Double)?

    /// No half a second of a camera is larger.
    private static let boxLimit = 16 << 20

    public init() {}

    /// Seconds so far.
    public var durationSeconds: Double { end }

    /// The next bytes of the clip at hand.
    ///
    /// - Returns: what comes next in the file: whole fragments.
    public mutating func append(_ bytes: some Sequence<UInt8>) throws(Problem) -> [UInt8] {
        open += bytes
        var joined: [UInt8] = []
        var place = 0
        while place < open.count {
            if skipped > 0 {
                let part = min(skipped, open.count - place)
                place += part
                skipped -= part
                continue
            }
            let ahead = open[place...]
            guard ahead.count >= 16 || BoxHeader(ahead).map({ ahead.count >= $0.size }) ?? false else { break }
            guard let box = BoxHeader(ahead) else { throw .malformed }
            let isNeeded = [.ftyp, .moov, .moof, .mdat].contains(box.type) || fragment != nil && box.type != .uuid
            guard isNeeded else {
                skipped = box.size
                continue
            }
            guard box.size <= Self.boxLimit else { throw .malformed }
            guard ahead.count >= box.size else { break }
            joined += try take(Array(ahead.prefix(box.size)), box.type)
            place += box.size
        }
        open.removeFirst(place)
        return joined
    }

    /// Nothing more of the clip at hand comes; what comes is another's. A fragment that a cut-off camera left unfinished is left out.
    public mutating func endClip() throws(Problem) {
        guard !ownInit.isEmpty else { throw .malformed }
        (open, skipped, fragment, ownInit) = ([], 0, nil, [])
        (isFirst, begin) = (false, end)
    }

    private mutating func take(_ box: [UInt8], _ type: BoxType) throws(Problem) -> [UInt8] {
        switch type {
        case .ftyp, .moov:
            guard fragment == nil, ownInit.count + box.count <= Self.boxLimit else { throw .malformed }
            ownInit += box
            guard type == .moov else { return [] }
            guard isFirst else {
                guard ownInit == initSegment else { throw .differs }
                return []
            }
            guard initSegment.isEmpty else { throw .malformed }
            scan.collectTracks(box)
            initSegment = ownInit
            return ownInit
        case .moof:
            guard !initSegment.isEmpty, !ownInit.isEmpty, fragment == nil else { throw .malformed }
            fragment = (try moved(box), begin + scan.fragmentEnd(box))
            return []
        default:
            guard let whole = fragment else { throw .malformed }
            guard type == .mdat else {
                // What stands between the two counts for the places of the samples.
                guard whole.bytes.count + box.count <= Self.boxLimit else { throw .malformed }
                fragment!.bytes += box
                return []
            }
            fragment = nil
            fragments &+= 1
            end = max(end, whole.end)
            return whole.bytes + box
        }
    }

    /// A `moof` whose times are the file's.
    private func moved(_ moof: [UInt8]) throws(Problem) -> [UInt8] {
        var moved = moof
        for box in Boxes(moof[...]).children(of: .moof) {
            if box.type == .mfhd {
                guard box.body.count >= 8 else { throw .malformed }
                moved.put(UInt64(fragments) + 1, at: box.body.startIndex + 4, count: 4)
            }
            guard box.type == .traf else { continue }
            let parts = Boxes(box.body).all
            guard let track = parts.first(where: { $0.type == .tfhd })?.body.uint32(at: 4), let timescale = scan.timescales[track] else { throw .malformed }
            let shift = UInt64((begin * Double(timescale)).rounded())
            for time in parts where time.type == .tfdt {
                if time.body.version == 1 {
                    guard let old = time.body.uint64(at: 4) else { throw .malformed }
                    moved.put(old &+ shift, at: time.body.startIndex + 4, count: 8)
                } else {
                    guard let old = time.body.uint32(at: 4), UInt64(old) + shift <= UInt64(UInt32.max) else { throw .malformed }
                    moved.put(UInt64(old) + shift, at: time.body.startIndex + 4, count: 4)
                }
            }
        }
        return moved
    }
}

extension [UInt8] {
    /// Big-endian.
    fileprivate mutating func put(_ value: UInt64, at place: Int, count: Int) {
        for byte in 0..<count { self[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(count - 1 - byte))) }
    }
}
