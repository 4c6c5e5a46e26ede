/// A viewer with a real socket, OpenSSL and libsrtp2: the other end of ``WebRTCServer``, or of any other that sends one H.264 stream. For
/// measurements and tests; decodes nothing, decrypts all, and reports as a browser does. Used from one thread at a time.
final class ViewerClient {
    private var port: DatagramPort
    private var ice: IceAgent
    private let dtls: DTLSEndpoint
    private let local: OfferAnswer.Local
    private var hasStarted = false
    private var srtp: SRTPSession?
    /// The agreed profile's name.
    private(set) var cipher: String?
    private var video: (payloadType: UInt8, transportID: UInt8?)?
    private(set) var reception: Reception?
    /// Datagrams that were none, or not authentic.
    private(set) var refused = 0
    private(set) var heardGoodbye = false
    /// Whether it reports what came; a viewer that does not says nothing at all.
    var reports = true
    /// Sees each packet of media, decrypted.
    var onPacket: (RTPPacket) -> Void = { _ in }

    /// - Parameters:
    ///   - address: of this machine, where it receives.
    ///   - context: may be one for many viewers.
    /// - Throws: ``MediaError`` when no port or memory is left.
    init(address: String = "127.0.0.1", context: DTLSContext) throws(MediaError) {
        let socket = try DatagramPort(port: 0)
        dtls = try DTLSEndpoint(context)
        guard let address = TransportAddress(address, port: socket.port) else {
            throw MediaError(operation: "watch from \(address)", text: "this is no address", cure: "Name one of this machine.")
        }
        port = socket
        var random = SystemRandomNumberGenerator()
        let credentials = IceCredentials(using: &random)
        ice = IceAgent(role: .controlling, credentials: credentials, addresses: [address], random: random, now: .now)
        local = OfferAnswer.Local(
            credentials: credentials, candidates: ice.localCandidates, fingerprint: context.certificate.fingerprint,
            ssrc: .random(in: 1 ... .max, using: &random), retransmissionSSRC: .random(in: 1 ... .max, using: &random), cname: "viewer",
            sessionID: .random(in: 0...UInt64(Int64.max), using: &random))
    }

    /// For poll(2).
    var descriptor: Int32 { port.descriptor }

    /// The keys are agreed.
    var isConnected: Bool { srtp != nil }

    /// Bytes of a description, without the SSRCs' meaning: we send none.
    var offer: String { OfferAnswer.offer(local: local).description }

    /// Takes the server's answer to ``offer``.
    ///
    /// - Throws: what cannot be read, or misses what a way needs.
    func accept(_ answer: String) throws {
        let description = try SessionDescription(answer)
        guard let section = description.media.first else { throw OfferError.noVideo }
        try accept(description, section)
    }

    /// Answers a server that makes the offer, as Janus does.
    ///
    /// - Throws: what cannot be read, or misses what a way needs.
    func answer(to offer: String) throws -> String {
        let description = try SessionDescription(offer)
        guard let section = description.media.first(where: { $0.kind == .video }) else { throw OfferError.noVideo }
        try accept(description, section)
        return try OfferAnswer.receiving(description, local: local).description
    }

    private func accept(_ description: SessionDescription, _ section: MediaSection) throws {
        let transport = description.transport(of: section)
        guard let credentials = transport.credentials else { throw OfferError.noIceCredentials }
        guard let payload = section.orderedPayloads.first(where: { $0.encoding.lowercased() == "h264" }) else { throw OfferError.noVideo }
        video = (payload.payloadType, section.extensions.first { $0.uri == TransportFeedback.extensionURI }?.id)
        ice.setRemote(credentials, isLite: transport.isLite, now: .now)
        for candidate in transport.candidates { ice.add(candidate) }
    }

    // MARK: Taking part

    /// What is due by time: checks, repetitions, reports.
    func tick(now: MonotonicTime) {
        perform(ice.tick(now: now))
        if hasStarted, let due = dtls.nextTimeout(now: now), due <= now {
            dtls.handleTimeout(now: now)
            flush()
        }
        guard reports, let packets = reception?.reports(now: now), !packets.isEmpty else { return }
        send(packets)
    }

    /// Takes what has come.
    func receive() {
        var came: [([UInt8], IcePath)] = []
        while port.receive({ came.append(($0, $1)) }) == DatagramPort.batch {}
        let now = MonotonicTime.now
        for (datagram, path) in came { take(datagram, path, now: now) }
    }

    private func take(_ datagram: [UInt8], _ path: IcePath, now: MonotonicTime) {
        var bytes = datagram
        switch DatagramKind(bytes[...]) {
        case .stun: perform(ice.handle(bytes[...], from: path.remote, to: path.local, now: now))
        case .dtls:
            dtls.handle(bytes[...], now: now)
            flush()
            if srtp == nil, case .established(let profile, let material) = dtls.progress,
                let keys = SRTPKeys(material: material, profile: profile, role: .client) {
                srtp = try? SRTPSession(profile, keys)
                cipher = "\(profile)"
                reception = video.map { Reception(ssrc: local.ssrc, payloadType: $0.payloadType, transportID: $0.transportID, now: now) }
            }
        case .rtp:
            guard let srtp, let count = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTP($0, length: $0.count) }),
                let packet = RTPPacket(bytes[..<count])
            else { return refused += 1 }
            reception?.received(packet.header, size: datagram.count, now: now)
            onPacket(packet)
        case .rtcp:
            guard let srtp, let count = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTCP($0, length: $0.count) }) else {
                return refused += 1
            }
            for packet in RTCPPacket.compound(in: bytes[..<count]) {
                if case .senderReport(let report) = packet { reception?.received(report, now: now) }
                if case .goodbye = packet { heardGoodbye = true }
            }
        case nil: refused += 1
        }
    }

    // MARK: Sending

    private func perform(_ actions: [IceAgent.Action]) {
        for action in actions {
            if case .transmit(let bytes, let path) = action { send(bytes, path) }
            if case .selected = action, !hasStarted {
                hasStarted = true
                dtls.start(as: .client, now: .now)
                flush()
            }
        }
    }

    private func flush() {
        while let datagram = dtls.nextDatagram() { send(raw: datagram) }
    }

    private func send(_ packets: [RTCPPacket]) {
        guard let srtp else { return }
        var bytes = RTCPPacket.bytes(of: packets)
        let length = bytes.count
        bytes += [UInt8](repeating: 0, count: srtp.rtcpOverhead)
        guard let count = try? bytes.withUnsafeMutableBytes({ try srtp.protectRTCP($0, length: length) }) else { return }
        send(raw: Array(bytes.prefix(count)))
    }

    private func send(_ bytes: [UInt8], _ path: IcePath) {
        _ = bytes.withUnsafeBytes { port.send($0, [.init(path: path, bytes: 0..<bytes.count, segment: bytes.count)]) }
    }

    /// Sends these bytes on the way that was found, whatever they are.
    func send(raw bytes: [UInt8]) { if let path = ice.selected { send(bytes, path) } }
}
