@testable import Media

/// The other end of a session, as a browser behaves: checks, handshakes, reports arrivals, asks for what is missing, decodes.
struct TestViewer {
    struct Picture: Hashable {
        var time: Double
        var isKeyFrame: Bool
        /// Of the picture as the source numbered it, and of its stream.
        var number: Int
        var stream: LiveStream
        /// Whether all pictures that it refers to were shown.
        var isIntact: Bool
    }

    private struct Waiting {
        var packet: RTPPacket
        var arrived: Double
    }

    var ice: IceAgent
    let dtls: FakeDTLS
    let ssrc: UInt32
    let retransmissionSSRC: UInt32
    let video: NegotiatedVideo
    var sendsNACK = true
    private(set) var srtp: FakeSRTP?
    private(set) var pictures: [Picture] = []
    private(set) var reports: [SenderReport] = []
    private(set) var goodbyes = 0
    /// Gaps that were not filled in time: since when, and how many packets.
    private(set) var giveUps: [(since: Double, packets: Int)] = []
    private(set) var refused = 0
    private(set) var retransmissions = 0
    private(set) var receivedBytes = 0
    private(set) var outgoing: [(bytes: [UInt8], path: IcePath)] = []
    private var unwrapper = SequenceUnwrapper()
    private var waiting: [Int64: Waiting] = [:]
    private var nextPlace: Int64?
    private var asked: [Int64: Double] = [:]
    private var gapSince: Double?
    private var lastPLI = -1.0
    private var depacketizer = H264Depacketizer()
    private var arrivals: [(sequence: UInt16, time: Double)] = []
    private var nextFeedback: UInt16?
    private var feedbackCount: UInt8 = 0
    private var lastReport = 0.0
    private var lastSenderReport: (middle: UInt32, time: Double)?
    private var nextReceiverReport = 0.5

    init(ice: IceAgent, dtls: FakeDTLS, local: OfferAnswer.Local, video: NegotiatedVideo) {
        self.ice = ice
        self.dtls = dtls
        ssrc = local.ssrc
        retransmissionSSRC = local.retransmissionSSRC
        self.video = video
    }

    var hasOutgoing: Bool { !outgoing.isEmpty }

    mutating func takeOutgoing() -> [(bytes: [UInt8], path: IcePath)] {
        defer { outgoing = [] }
        return outgoing
    }

    mutating func handle(_ bytes: [UInt8], from: TransportAddress, to: TransportAddress, time: Double) {
        var bytes = bytes
        let length = bytes.count
        switch DatagramKind(bytes[...]) {
        case .stun:
            perform(ice.handle(bytes[...], from: from, to: to, now: at(time)), time: time)
        case .dtls:
            dtls.handle(bytes[...], now: at(time))
            flush()
            if srtp == nil, case .established(let profile, let material) = dtls.progress, let role = dtls.role,
                let keys = SRTPKeys(material: material, profile: profile, role: role) {
                srtp = FakeSRTP(keys)
            }
        case .rtp:
            guard let srtp, let plain = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTP($0, length: length) }),
                let packet = RTPPacket(bytes[..<plain])
            else {
                refused += 1
                return
            }
            receivedBytes += length
            receive(packet, time: time)
        case .rtcp:
            guard let srtp, let plain = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTCP($0, length: length) }) else {
                refused += 1
                return
            }
            for packet in RTCPPacket.compound(in: bytes[..<plain]) {
                if case .senderReport(let report) = packet {
                    reports.append(report)
                    lastSenderReport = (report.ntp.middle, time)
                }
                if case .goodbye = packet { goodbyes += 1 }
            }
        case nil: refused += 1
        }
    }

    mutating func tick(time: Double) {
        if let deadline = ice.nextDeadline, at(time) >= deadline { perform(ice.tick(now: at(time)), time: time) }
        if let timeout = dtls.nextTimeout(now: at(time)), at(time) >= timeout {
            dtls.handleTimeout(now: at(time))
            flush()
        }
        guard srtp != nil, time - lastReport >= 0.05 else { return }
        lastReport = time
        sendFeedback()
        askForMissing(time: time)
        if time >= nextReceiverReport, let last = lastSenderReport {
            nextReceiverReport = time + 1
            let block = ReportBlock(
                ssrc: ssrc, lastSenderReport: last.middle, delaySinceLastSenderReport: UInt32((time - last.time) * 65_536))
            send([.receiverReport(ReceiverReport(ssrc: 77, blocks: [block]))])
        }
    }

    private mutating func perform(_ actions: [IceAgent.Action], time: Double) {
        for action in actions {
            if case .transmit(let bytes, let path) = action { outgoing.append((bytes, path)) }
            if case .selected = action, dtls.role == nil {
                dtls.start(as: .client, now: at(time))
                flush()
            }
        }
    }

    private mutating func flush() {
        while let datagram = dtls.nextDatagram() { if let path = ice.selected { outgoing.append((datagram, path)) } }
    }

    // MARK: Receiving

    private mutating func receive(_ received: RTPPacket, time: Double) {
        var packet = received
        if let id = video.extensionIDs.transportSequence, let data = packet.header.extensions[id], data.count == 2 {
            arrivals.append((UInt16(data[0]) << 8 | UInt16(data[1]), time))
        }
        if packet.header.ssrc == retransmissionSSRC {
            guard let original = RTXEncapsulation.original(of: packet, ssrc: ssrc, payloadType: video.payloadType) else { return }
            packet = original
            retransmissions += 1
        }
        let place = unwrapper.unwrap(packet.header.sequenceNumber)
        if let nextPlace, place < nextPlace { return }
        waiting[place] = Waiting(packet: packet, arrived: time)
        asked[place] = nil
        if nextPlace == nil { nextPlace = place }
        deliver(time: time)
    }

    private mutating func deliver(time: Double) {
        while let next = nextPlace, let entry = waiting.removeValue(forKey: next) {
            nextPlace = next + 1
            gapSince = nil
            if let picture = depacketizer.handle(entry.packet) { show(picture, time: time) }
        }
        guard !waiting.isEmpty, let next = nextPlace else { return }
        // Nobody needs what is missing before a whole key frame.
        if let key = wholeKeyFrame() {
            nextPlace = key
            depacketizer = H264Depacketizer()
            waiting = waiting.filter { $0.key >= key }
            asked = asked.filter { $0.key >= key }
            gapSince = nil
            return deliver(time: time)
        }
        // A gap that is not filled in time is given up: on to the next key frame.
        let since = gapSince ?? time
        gapSince = since
        guard time - since > 0.4, let first = waiting.keys.min() else { return }
        giveUps.append((since, (next..<first).count))
        for place in next..<first { asked[place] = nil }
        nextPlace = first
        gapSince = nil
        askForKeyFrame(time: time)
        deliver(time: time)
    }

    /// Where a key frame begins of which all packets are there.
    private func wholeKeyFrame() -> Int64? {
        for place in waiting.keys.sorted() {
            // Ours begin with an aggregate of parameter sets.
            guard let first = waiting[place]?.packet, first.payload.first.map({ $0 & 0x1f }) == 24 else { continue }
            var last = place
            while let packet = waiting[last]?.packet, packet.header.timestamp == first.header.timestamp {
                if packet.header.marker { return place }
                last += 1
            }
        }
        return nil
    }

    private mutating func show(_ picture: H264Depacketizer.Picture, time: Double) {
        guard let (number, stream) = TestSource.identity(of: picture.bytes) else { return }
        let last = pictures.last
        let isIntact = picture.isKeyFrame || (last?.isIntact == true && last?.number == number - 1 && last?.stream == stream)
        pictures.append(Picture(time: time, isKeyFrame: picture.isKeyFrame, number: number, stream: stream, isIntact: isIntact))
        if !isIntact { askForKeyFrame(time: time) }
    }

    // MARK: Reporting

    private mutating func askForKeyFrame(time: Double) {
        guard time - lastPLI > 0.2 else { return }
        lastPLI = time
        send([.pictureLoss(PictureLossIndication(senderSSRC: 77, mediaSSRC: ssrc))])
    }

    private mutating func askForMissing(time: Double) {
        guard sendsNACK, let next = nextPlace, let highest = unwrapper.highest, next <= highest else { return }
        let missing = (next...highest).filter { waiting[$0] == nil && time - (asked[$0] ?? -1) >= 0.1 }.prefix(200)
        for place in missing { asked[place] = time }
        guard !missing.isEmpty else { return }
        send([.nack(GenericNACK(senderSSRC: 77, mediaSSRC: ssrc, sequenceNumbers: missing.map { UInt16(truncatingIfNeeded: $0) }))])
    }

    private mutating func sendFeedback() {
        guard video.allowsTransportFeedback, let last = arrivals.max(by: { $1.sequence.isAfter($0.sequence) }) else { return }
        let base = nextFeedback ?? arrivals[0].sequence
        let span = last.sequence &- base
        let known = Dictionary(arrivals.map { ($0.sequence, $0.time) }, uniquingKeysWith: { first, _ in first })
        arrivals = []
        guard span < 0x4000 else { return }
        nextFeedback = last.sequence &+ 1
        let first = known.values.min() ?? 0
        let reference = Int32((first / 0.064).rounded(.down))
        let list: [Int32?] = (0...span).map { step in
            known[base &+ step].map { Int32((($0 - Double(reference) * 0.064) / 0.00025).rounded()) }
        }
        send([
            .transportFeedback(
                TransportFeedback(
                    senderSSRC: 77, mediaSSRC: ssrc, baseSequence: base, referenceTime: reference, feedbackCount: feedbackCount, arrivals: list))
        ])
        feedbackCount &+= 1
    }

    mutating func send(_ packets: [RTCPPacket]) {
        guard let srtp, let path = ice.selected else { return }
        var bytes = RTCPPacket.bytes(of: packets)
        let length = bytes.count
        bytes += [UInt8](repeating: 0, count: srtp.rtcpOverhead)
        guard let count = try? bytes.withUnsafeMutableBytes({ try srtp.protectRTCP($0, length: length) }) else { return }
        outgoing.append((Array(bytes.prefix(count)), path))
    }
}

/// Pictures of a made-up camera, each with its number in it.
struct TestSource {
    let stream: LiveStream
    /// Bytes of a picture that is no key frame; a key frame has eight times as many.
    let bytes: Int
    private var packetizer = H264Packetizer()
    private var number = 0
    private var sinceKeyFrame = 0
    var keyFrameWanted = true

    init(_ stream: LiveStream, bytes: Int) {
        self.stream = stream
        self.bytes = bytes
    }

    mutating func next(time: Double) -> PacketizedAccessUnit? {
        number += 1
        sinceKeyFrame += 1
        let isKeyFrame = keyFrameWanted || sinceKeyFrame >= 60
        if isKeyFrame { (keyFrameWanted, sinceKeyFrame) = (false, 0) }
        let digits = (0..<4).map { UInt8(number >> (6 * $0) & 63 | 64) }
        let slice = [isKeyFrame ? 0x65 : 0x41, stream == .main ? 1 : 2] + digits + [UInt8](repeating: 7, count: isKeyFrame ? bytes * 8 : bytes)
        let head: [UInt8] = isKeyFrame ? [0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 1, 0x68, 0xce, 0x38, 0x80] : []
        return packetizer.packetize(
            AccessUnit(
                codec: .h264, bytes: SharedBytes(head + [0, 0, 0, 1] + slice), pts90k: Int64(time * 90_000), duration90k: 3000,
                isKeyFrame: isKeyFrame, captured: at(time)))
    }

    /// The number and stream in a picture.
    static func identity(of bytes: [UInt8]) -> (number: Int, stream: LiveStream)? {
        let units = bytes.withUnsafeBytes { buffer in AnnexB.units(in: buffer).map { Array(buffer[$0]) } }
        guard let slice = units.first(where: { $0[0] == 0x65 || $0[0] == 0x41 }), slice.count > 6 else { return nil }
        let number = (0..<4).reduce(0) { $0 | Int(slice[2 + $1] & 63) << (6 * $1) }
        return (number, slice[1] == 1 ? .main : .small)
    }
}
