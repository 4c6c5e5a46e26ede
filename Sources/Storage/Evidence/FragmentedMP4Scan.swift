/// What a fragmented MP4 that nobody closed really holds, read from its boxes (ISO/IEC 14496-12).
///
/// Untrusted input: every length is checked, nothing traps, and reading stops at the first box that is not whole.
public struct FragmentedMP4Scan: Sendable, Equatable {
    /// Bytes up to the end of the last whole fragment.
    public private(set) var wholeBytes = 0
    /// Bytes that a player takes: all, but for a `moof` at the end that is torn, which would make players refuse the whole file. Damage of any
    /// other kind is no reason to give up what lies behind it.
    public private(set) var playableBytes = 0
    /// Whole fragments (`moof` and its `mdat`).
    public private(set) var fragments = 0
    /// Length of the longest track, in seconds.
    public private(set) var durationSeconds = 0.0

    private(set) var timescales: [UInt32: UInt32] = [:]
    private var defaultDurations: [UInt32: UInt32] = [:]

    private var offset = 0
    /// Where the samples of the last `moof` end, until its `mdat` is seen.
    private var pending: Double?

    /// Of nothing yet.
    init() {}

    /// Boxes that are looked at: ten times those of an hour. Each costs a question to the storage, and whoever may write there could make millions.
    static let boxLimit = 100_000

    /// - Parameters:
    ///   - size: bytes in the file.
    ///   - read: bytes at (offset, count); fewer at the end of the file.
    public init(size: Int, read: (_ offset: Int, _ count: Int) throws -> [UInt8]) rethrows {
        var boxes = 0
        while size - offset >= 8, boxes < Self.boxLimit {
            boxes += 1
            guard let box = BoxHeader(try read(offset, 16)) else { break }
            guard box.size <= size - offset else {
                playableBytes = box.type == .moof && box.size <= 4 << 20 ? offset : size
                return
            }
            let begin = offset
            try take(box) { try read(begin, box.size) }
        }
        playableBytes = size
    }

    /// Goes on with whole boxes, which come next in the file; what is not whole is passed over.
    mutating func append(_ piece: [UInt8]) {
        var place = 0
        while let box = BoxHeader(piece[place...].prefix(16)), box.size <= piece.count - place {
            take(box) { Array(piece[place..<place + box.size]) }
            place += box.size
        }
        playableBytes = offset
    }

    private mutating func take(_ box: BoxHeader, _ bytes: () throws -> [UInt8]) rethrows {
        switch box.type {
        case .moov where box.size <= 1 << 20:
            collectTracks(try bytes())
            wholeBytes = offset + box.size
        case .moof where box.size <= 4 << 20:
            pending = fragmentEnd(try bytes())
        case .mdat:
            if let end = pending {
                durationSeconds = max(durationSeconds, end)
                fragments += 1
                wholeBytes = offset + box.size
            }
            pending = nil
        default:
            break
        }
        offset += box.size
    }

    // MARK: moov: time scales and default durations of the tracks

    mutating func collectTracks(_ bytes: [UInt8]) {
        let moov = Boxes(bytes[...])
        for track in moov.children(of: .moov).filter({ $0.type == .trak }) {
            var id: UInt32?
            var timescale: UInt32?
            for box in Boxes(track.body).all {
                if box.type == .tkhd { id = box.body.uint32(at: box.body.version == 1 ? 20 : 12) }
                if box.type == .mdia, let mdhd = Boxes(box.body).all.first(where: { $0.type == .mdhd }) {
                    timescale = mdhd.body.uint32(at: mdhd.body.version == 1 ? 20 : 12)
                }
            }
            if let id, let timescale, timescale > 0 { timescales[id] = timescale }
        }
        for extends in moov.children(of: .moov).filter({ $0.type == .mvex }) {
            for trex in Boxes(extends.body).all where trex.type == .trex {
                if let id = trex.body.uint32(at: 4), let duration = trex.body.uint32(at: 12) { defaultDurations[id] = duration }
            }
        }
    }

    // MARK: moof: where its samples end

    func fragmentEnd(_ bytes: [UInt8]) -> Double {
        var latest = 0.0
        for traf in Boxes(bytes[...]).children(of: .moof).filter({ $0.type == .traf }) {
            var track: UInt32 = 0
            var duration: UInt32 = 0
            var end: UInt64 = 0
            for box in Boxes(traf.body).all {
                switch box.type {
                case .tfhd:
                    track = box.body.uint32(at: 4) ?? 0
                    duration = Self.defaultDuration(box.body) ?? defaultDurations[track] ?? 0
                case .tfdt:
                    let long = box.body.version == 1
                    end = long ? box.body.uint64(at: 4) ?? 0 : UInt64(box.body.uint32(at: 4) ?? 0)
                case .trun:
                    end = end.addingReportingOverflow(Self.length(box.body, default: duration)).partialValue
                default:
                    break
                }
            }
            // A clip of more than a day is none of ours: the box lies.
            if let timescale = timescales[track], end / UInt64(timescale) <= 86_400 { latest = max(latest, Double(end) / Double(timescale)) }
        }
        return latest
    }

    /// ISO/IEC 14496-12 §8.8.7.
    private static func defaultDuration(_ tfhd: ArraySlice<UInt8>) -> UInt32? {
        guard let flags = tfhd.uint32(at: 0), flags & 0x8 != 0 else { return nil }
        return tfhd.uint32(at: 8 + (flags & 0x1 != 0 ? 8 : 0) + (flags & 0x2 != 0 ? 4 : 0))
    }

    /// ISO/IEC 14496-12 §8.8.8: the sum of a run's sample durations.
    private static func length(_ trun: ArraySlice<UInt8>, default duration: UInt32) -> UInt64 {
        guard let flags = trun.uint32(at: 0), let count = trun.uint32(at: 4), count <= 1 << 20 else { return 0 }
        guard flags & 0x100 != 0 else { return UInt64(count) * UInt64(duration) }
        let first = 8 + (flags & 0x1 != 0 ? 4 : 0) + (flags & 0x4 != 0 ? 4 : 0)
        let stride = [0x100, 0x200, 0x400, 0x800].reduce(0) { $0 + (Int(flags) & $1 != 0 ? 4 : 0) }
        guard Int(count) <= max(0, trun.count - first) / stride else { return 0 }
        return (0..<Int(count)).reduce(0) { $0 + UInt64(trun.uint32(at: first + $1 * stride) ?? 0) }
    }
}
