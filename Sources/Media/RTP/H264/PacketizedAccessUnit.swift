/// One picture cut into RTP payloads, once, for all who watch. What differs between viewers, the header, is not in it.
///
/// Queues and retransmission histories of all viewers refer to this one object.
final class PacketizedAccessUnit: Sendable {
    /// The payloads one after another.
    private let bytes: [UInt8]
    /// Where each payload ends in `bytes`; never empty.
    private let ends: [Int]
    /// Presentation time in 1/90000 s, the RTP clock of video.
    let pts90k: Int64
    let isKeyFrame: Bool
    /// Whether no other picture needs this one: all its slices have nal_ref_idc 0 (H.264 §7.4.1).
    let isDisposable: Bool
    /// When the light was captured.
    let captured: MonotonicTime

    /// nil without payloads.
    init?(bytes: [UInt8], ends: [Int], pts90k: Int64, isKeyFrame: Bool, isDisposable: Bool, captured: MonotonicTime) {
        guard let last = ends.last, last == bytes.count else { return nil }
        self.bytes = bytes
        self.ends = ends
        self.pts90k = pts90k
        self.isKeyFrame = isKeyFrame
        self.isDisposable = isDisposable
        self.captured = captured
    }

    /// The number of packets.
    var count: Int { ends.count }

    /// Payload bytes of all packets.
    var byteCount: Int { bytes.count }

    /// The length of the payload of packet `index`.
    func byteCount(of index: Int) -> Int { ends[index] - (index == 0 ? 0 : ends[index - 1]) }

    /// Whether packet `index` carries the marker bit: it is the picture's last (RFC 6184 §5.1).
    func isMarked(_ index: Int) -> Bool { index == ends.count - 1 }

    /// Appends the payload of packet `index`.
    func append(payload index: Int, to buffer: inout [UInt8]) {
        let range = (index == 0 ? 0 : ends[index - 1])..<ends[index]
        bytes.withUnsafeBufferPointer { buffer += UnsafeBufferPointer(rebasing: $0[range]) }
    }

    /// The payload of packet `index`, without a copy.
    func payload(_ index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }
}
