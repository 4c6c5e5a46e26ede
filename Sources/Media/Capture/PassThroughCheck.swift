/// Whether a file's H.264 may go out as it is: no B-frames, it begins with an IDR picture, and key frames are close enough everywhere.
/// The rule works on what was seen of packets; reading them is `allows`.
struct PassThroughCheck {
    /// The longest distance of key frames allowed, seconds.
    let maximumInterval: Double
    private(set) var isRefused = false
    private var lastKeyFrame: Double?
    private var lastTime = -Double.infinity
    private var packets = 0

    init(maximumInterval: Double) {
        self.maximumInterval = maximumInterval
    }

    /// Takes the next video packet, in file order: its times in seconds, and whether decoding can begin there.
    mutating func packet(pts: Double?, dts: Double?, isKeyFrame: Bool, frameSeconds: Double) {
        packets += 1
        // Order of display = order of decoding, the absence of B-frames.
        guard let pts, let dts, abs(pts - dts) < 1e-6, pts > lastTime else { return isRefused = true }
        lastTime = pts
        if isKeyFrame { lastKeyFrame = pts }
        guard let lastKeyFrame else { return isRefused = true }
        // A tolerance of half a frame: "every 2 s" at 29.97 frames per second is 2.002 s.
        if pts - lastKeyFrame + frameSeconds > maximumInterval + frameSeconds * 1.5 { isRefused = true }
    }

    /// The verdict after the last packet.
    var isAllowed: Bool { !isRefused && packets > 0 }

    /// Reads the whole file at `path`. A file that is not H.264 is refused without reading.
    static func allows(path: String, maximumInterval: Duration) throws(MediaError) -> Bool {
        let demuxer = try Demuxer(path: path)
        guard demuxer.video.isH264, demuxer.video.width % 2 == 0, demuxer.video.height % 2 == 0 else { return false }
        var check = PassThroughCheck(maximumInterval: maximumInterval.inSeconds)
        let tick = demuxer.video.stream.secondsPerTick
        let filter = try demuxer.makeAnnexBFilter()
        while let packet = try demuxer.next() {
            guard packet.streamIndex == demuxer.video.stream.index else { continue }
            let isFirst = check.packets == 0
            check.packet(
                pts: packet.pts.map { Double($0) * tick }, dts: packet.dts.map { Double($0) * tick },
                isKeyFrame: packet.isKeyFrame, frameSeconds: 1 / demuxer.video.framesPerSecond)
            if check.isRefused { return false }
            if isFirst {
                let bytes = try filter.filter(packet)
                let isIDR = bytes.withUnsafeBytes { buffer in
                    AnnexB.units(in: buffer, limit: 16).contains { AnnexB.type(of: $0, in: buffer) == AnnexB.UnitType.idrSlice }
                }
                var sets = ParameterSets()
                guard isIDR, sets.update(from: bytes) else { return false }
            }
        }
        return check.isAllowed
    }
}
