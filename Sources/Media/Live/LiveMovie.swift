/// A camera's stream as an endless fragmented MP4 file, for Media Source Extensions in browsers that have no H.264 in WebRTC: each picture is
/// a fragment of its own, sent as soon as it is there.
///
/// Begins with the first key frame that comes. A reader that is too slow loses pictures up to the next key frame, as on the bus; the file's
/// times have a gap there.
public actor LiveMovie {
    private let subscription: AccessUnitSubscription
    private let width: Int
    private let height: Int
    private let framesPerSecond: Double
    private var muxer: FragmentedMP4Muxer?
    private var origin90k: Int64 = 0
    private var first: AccessUnit?

    /// - Parameters:
    ///   - subscription: of pictures; what else is in it is left out.
    ///   - width: of the pictures, for players that look only at the file's header.
    public init(_ subscription: AccessUnitSubscription, width: Int, height: Int, framesPerSecond: Double) {
        self.subscription = subscription
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
    }

    /// Waits for a key frame.
    ///
    /// - Returns: what the file is, for `Content-Type` and `MediaSource.isTypeSupported` (RFC 6381 §3.3); nil when the camera ended first.
    public func begin() async throws(MediaError) -> String? {
        while let element = await subscription.next() {
            guard case .unit(let unit) = element, unit.codec == .h264, unit.isKeyFrame else { continue }
            var sets = ParameterSets()
            // Behind the start code and the unit's own header: profile, constraints, level (H.264 §7.3.2.1.1).
            guard sets.update(from: unit.bytes.bytes), let annexB = sets.annexB, sets.sequence.count >= 8 else { continue }
            muxer = try FragmentedMP4Muxer(
                video: .init(width: width, height: height, framesPerSecond: framesPerSecond, parameterSets: annexB), hasAudio: false)
            first = unit
            origin90k = unit.pts90k
            let profile = sets.sequence[5...7].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return "video/mp4; codecs=\"avc1.\(profile)\""
        }
        return nil
    }

    /// The next bytes of the file: first its header, then a fragment for each picture. nil at the end: the source broke off, and what
    /// follows is another file.
    public func next() async throws(MediaError) -> [UInt8]? {
        guard let muxer else { return nil }
        if let unit = first {
            first = nil
            return muxer.initializationSegment + (try fragment(unit, muxer))
        }
        while let element = await subscription.next() {
            switch element {
            case .unit(let unit) where unit.codec == .h264: return try fragment(unit, muxer)
            case .unit, .lost: continue
            case .interrupted: return nil
            }
        }
        return nil
    }

    private func fragment(_ unit: AccessUnit, _ muxer: FragmentedMP4Muxer) throws(MediaError) -> [UInt8] {
        let pts90k = unit.pts90k - origin90k
        try muxer.append(unit, pts90k: pts90k)
        return try muxer.cut(at: pts90k + unit.duration90k)
    }
}
