/// The header of one stream to one viewer, written once: of each packet only marker, sequence numbers and timestamp differ, at fixed places.
///
/// Every packet carries the same extensions, so that all full packets of a picture are equally long: that lets the kernel cut them
/// out of one buffer (UDP GSO).
struct RTPHeaderTemplate: Sendable {
    /// The identifiers that the offer gave to the extensions we write; nil for those it does not know.
    struct ExtensionIDs: Sendable, Hashable {
        var transportSequence: UInt8?
        var playoutDelay: UInt8?
        var mid: UInt8?
    }

    private let bytes: [UInt8]
    private let transportSequenceOffset: Int?

    init(
        ssrc: UInt32, payloadType: UInt8, ids: ExtensionIDs = ExtensionIDs(), playoutDelay: PlayoutDelay = .none, mid: String = ""
    ) {
        var elements: [RTPHeaderExtensions.Element] = []
        if let id = ids.transportSequence { elements.append(.init(id: id, data: [0, 0])) }
        if let id = ids.playoutDelay { elements.append(.init(id: id, data: playoutDelay.data)) }
        // A mid that is longer than a one-byte header can say would widen every packet's header: its SSRC names the stream as well.
        if let id = ids.mid, (1...16).contains(mid.utf8.count) { elements.append(.init(id: id, data: Array(mid.utf8))) }
        let header = RTPHeader(
            payloadType: payloadType, sequenceNumber: 0, timestamp: 0, ssrc: ssrc, extensions: RTPHeaderExtensions(elements))
        var bytes: [UInt8] = []
        header.write(to: &bytes)
        self.bytes = bytes
        // After the fixed part come four bytes of extension header, then the first element's own header: one byte or two.
        let elementHeader = bytes.count > 16 && bytes[12] == 0xbe ? 1 : 2
        transportSequenceOffset = ids.transportSequence == nil ? nil : RTPHeader.fixedBytes + 4 + elementHeader
    }

    /// The header's length.
    var byteCount: Int { bytes.count }

    /// Appends the header to `buffer`.
    func write(
        marker: Bool, sequenceNumber: UInt16, timestamp: UInt32, transportSequence: UInt16, to buffer: inout [UInt8]
    ) {
        let begin = buffer.count
        buffer += bytes
        if marker { buffer[begin + 1] |= 0x80 }
        buffer.set(bigEndian: sequenceNumber, at: begin + 2)
        buffer.set(bigEndian: timestamp, at: begin + 4)
        if let transportSequenceOffset { buffer.set(bigEndian: transportSequence, at: begin + transportSequenceOffset) }
    }
}
