/// One packet of an RTCP compound (RFC 3550 §6.1), as far as a sender of video needs to know them.
enum RTCPPacket: Sendable, Hashable {
    case senderReport(SenderReport)
    case receiverReport(ReceiverReport)
    case sourceDescription(SourceDescription)
    case goodbye(Goodbye)
    case nack(GenericNACK)
    case pictureLoss(PictureLossIndication)
    case fullIntraRequest(FullIntraRequest)
    case estimatedMaximumBitRate(ReceiverEstimatedMaximumBitRate)
    case transportFeedback(TransportFeedback)

    /// Of more packets in one datagram the rest is not looked at.
    static let compoundLimit = 32

    /// The packets in a datagram. What is unknown or malformed is skipped; what claims more than there is ends the reading.
    ///
    /// A compound need not begin with a report: browsers send reduced-size RTCP (RFC 5506).
    static func compound(in bytes: ArraySlice<UInt8>) -> [RTCPPacket] {
        var reader = ByteReader(bytes)
        var packets: [RTCPPacket] = []
        var seen = 0
        while seen < compoundLimit, let header = RTCPHeader.read(from: &reader), var body = reader.read(header.bodyBytes) {
            seen += 1
            if header.isPadded {
                guard let padding = body.last, padding > 0, Int(padding) <= body.count else { continue }
                body = body.dropLast(Int(padding))
            }
            if let packet = RTCPPacket(header, body: body) { packets.append(packet) }
        }
        return packets
    }

    private init?(_ header: RTCPHeader, body: ArraySlice<UInt8>) {
        var reader = ByteReader(body)
        typealias Kind = RTCPHeader.PacketType
        switch (header.packetType, header.count) {
        case (Kind.senderReport, _):
            guard let report = SenderReport(count: header.count, reader: &reader) else { return nil }
            self = .senderReport(report)
        case (Kind.receiverReport, _):
            guard let report = ReceiverReport(count: header.count, reader: &reader) else { return nil }
            self = .receiverReport(report)
        case (Kind.sourceDescription, _):
            guard let description = SourceDescription(count: header.count, reader: &reader) else { return nil }
            self = .sourceDescription(description)
        case (Kind.goodbye, _):
            guard let goodbye = Goodbye(count: header.count, reader: &reader) else { return nil }
            self = .goodbye(goodbye)
        case (Kind.transportLayerFeedback, GenericNACK.format):
            guard let nack = GenericNACK(reader: &reader) else { return nil }
            self = .nack(nack)
        case (Kind.transportLayerFeedback, TransportFeedback.format):
            guard let feedback = TransportFeedback(reader: &reader) else { return nil }
            self = .transportFeedback(feedback)
        case (Kind.payloadSpecificFeedback, PictureLossIndication.format):
            guard let indication = PictureLossIndication(reader: &reader) else { return nil }
            self = .pictureLoss(indication)
        case (Kind.payloadSpecificFeedback, FullIntraRequest.format):
            guard let request = FullIntraRequest(reader: &reader) else { return nil }
            self = .fullIntraRequest(request)
        case (Kind.payloadSpecificFeedback, ReceiverEstimatedMaximumBitRate.format):
            guard let estimate = ReceiverEstimatedMaximumBitRate(reader: &reader) else { return nil }
            self = .estimatedMaximumBitRate(estimate)
        default:
            return nil
        }
    }

    /// Appends the packet's bytes.
    func write(to bytes: inout [UInt8]) {
        switch self {
        case .senderReport(let packet): packet.write(to: &bytes)
        case .receiverReport(let packet): packet.write(to: &bytes)
        case .sourceDescription(let packet): packet.write(to: &bytes)
        case .goodbye(let packet): packet.write(to: &bytes)
        case .nack(let packet): packet.write(to: &bytes)
        case .pictureLoss(let packet): packet.write(to: &bytes)
        case .fullIntraRequest(let packet): packet.write(to: &bytes)
        case .estimatedMaximumBitRate(let packet): packet.write(to: &bytes)
        case .transportFeedback(let packet): packet.write(to: &bytes)
        }
    }

    /// `packets` as one datagram.
    static func bytes(of packets: [RTCPPacket]) -> [UInt8] {
        var bytes: [UInt8] = []
        for packet in packets { packet.write(to: &bytes) }
        return bytes
    }
}
