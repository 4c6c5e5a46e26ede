import CAV

/// One packet of coded data in libavcodec's own container. For one thread.
final class Packet {
    private let packet: UnsafeMutablePointer<AVPacket>

    init() throws(MediaError) {
        guard let packet = av_packet_alloc() else { throw AVLibrary.outOfMemory("read a packet") }
        self.packet = packet
    }

    /// A packet with a copy of `bytes` (padded as decoders demand).
    convenience init(copying bytes: UnsafeRawBufferPointer) throws(MediaError) {
        try self.init()
        guard let count = Int32(exactly: bytes.count), av_new_packet(packet, count) >= 0 else {
            throw AVLibrary.outOfMemory("read a packet")
        }
        if let target = packet.pointee.data, let source = bytes.baseAddress {
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
        }
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    var byteCount: Int { Int(packet.pointee.size) }
    var streamIndex: Int { Int(packet.pointee.stream_index) }
    var isKeyFrame: Bool { packet.pointee.flags & AV_PKT_FLAG_KEY != 0 }
    /// Times in the stream's time base, nil where the file gives none.
    var pts: Int64? { packet.pointee.pts == meshcam_nopts() ? nil : packet.pointee.pts }
    var dts: Int64? { packet.pointee.dts == meshcam_nopts() ? nil : packet.pointee.dts }
    var duration: Int64 { packet.pointee.duration }

    /// A copy of the coded bytes.
    var bytes: [UInt8] {
        guard let data = packet.pointee.data, packet.pointee.size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size)))
    }

    func withPointer<Result>(_ body: (UnsafeMutablePointer<AVPacket>) -> Result) -> Result {
        withExtendedLifetime(self) { body(packet) }
    }
}
