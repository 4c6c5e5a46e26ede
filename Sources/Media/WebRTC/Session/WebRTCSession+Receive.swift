/// Datagrams of the viewer, by protocol (RFC 7983).
extension WebRTCSession {
    /// Takes a datagram. It is decrypted in place.
    ///
    /// - Parameter hasWaited: it may have come some time before `now`, and tells nothing of how long the way is.
    mutating func handle(
        _ datagram: inout [UInt8], from source: TransportAddress, to destination: TransportAddress, hasWaited: Bool = false,
        into batch: inout DatagramBatch, now: MonotonicTime
    ) -> [Event] {
        guard state != .closed else { return [] }
        let path = IcePath(local: destination, remote: source)
        switch DatagramKind(datagram[...]) {
        case .stun:
            return perform(ice.handle(datagram[...], from: source, to: destination, now: now), into: &batch, now: now)
        case .dtls:
            return handle(dtls: datagram[...], path: path, into: &batch, now: now)
        case .rtcp:
            return handle(rtcp: &datagram, path: path, hasWaited: hasWaited, into: &batch, now: now)
        case .rtp, nil:
            // Nothing is received yet; sound from the viewer will come here.
            counters.refusedDatagrams += 1
            return []
        }
    }

    // MARK: ICE

    mutating func perform(_ actions: [IceAgent.Action], into batch: inout DatagramBatch, now: MonotonicTime) -> [Event] {
        followIce()
        var events: [Event] = []
        for action in actions {
            switch action {
            case .transmit(let bytes, let path): batch.append(bytes, path: path)
            case .candidate(let candidate): events.append(.candidate(candidate))
            case .gatheringDone: events.append(.gatheringDone)
            case .failed(let failure): events += end(.unreachable(failure))
            case .selected:
                guard state == .new else { continue }
                state = .connecting
                handshakeDeadline = now + settings.handshakeTimeout
                startDTLS(now: now)
                events += advanceDTLS(into: &batch, now: now)
            }
        }
        if hasStartedDTLS, state != .closed { flushDTLS(into: &batch) }
        return events
    }

    // MARK: DTLS

    mutating func startDTLS(now: MonotonicTime) {
        guard !hasStartedDTLS else { return }
        hasStartedDTLS = true
        dtls.start(as: negotiated.dtlsRole, now: now)
    }

    private mutating func handle(
        dtls datagram: ArraySlice<UInt8>, path: IcePath, into batch: inout DatagramBatch, now: MonotonicTime
    ) -> [Event] {
        // Only from where an authenticated check came: a handshake costs too much to begin it with anybody.
        guard hasStartedDTLS, accepts(path) else {
            counters.refusedDatagrams += 1
            return []
        }
        earlyPath = path
        dtls.handle(datagram, now: now)
        return advanceDTLS(into: &batch, now: now)
    }

    /// Sends what DTLS has to send, and looks at how far it is.
    mutating func advanceDTLS(into batch: inout DatagramBatch, now: MonotonicTime) -> [Event] {
        flushDTLS(into: &batch)
        switch dtls.progress {
        case .handshaking: return []
        case .closed: return end(.there)
        case .failed(let text): return end(.handshakeFailed(text))
        case .established(let profile, let material):
            // A path must be there too; the last flight may arrive before the nomination.
            guard srtp == nil, state == .connecting else { return [] }
            return connect(profile, material, now: now)
        }
    }

    mutating func flushDTLS(into batch: inout DatagramBatch) {
        // The viewer may begin before our own check is answered; our part is longer than its own, and goes to nobody who may never have asked.
        guard let path = ice.selected ?? earlyPath, ice.hasProof(of: path) else { return }
        while let datagram = dtls.nextDatagram() { batch.append(datagram, path: path) }
    }

    private mutating func connect(_ profile: SRTPProfile, _ material: [UInt8], now: MonotonicTime) -> [Event] {
        // RFC 8122 §6.2: one of the fingerprints is enough if all that can be computed are right.
        let known = negotiated.fingerprints.compactMap { promised in
            dtls.peerFingerprint(algorithm: promised.algorithm).map { $0 == promised.bytes }
        }
        guard !known.isEmpty, known.allSatisfy({ $0 }) else { return end(.fingerprintMismatch) }
        guard let keys = SRTPKeys(material: material, profile: profile, role: negotiated.dtlsRole) else {
            return end(.handshakeFailed("key material of \(material.count) bytes"))
        }
        do {
            srtp = try makeSRTP(profile, keys)
        } catch {
            return end(.encryptionFailed("\(error)"))
        }
        state = .connected
        handshakeDeadline = nil
        nextReport = now
        nextAdaptation = now + settings.adaptationInterval
        return [.connected, .streamWanted(adaptation.rung.stream)] + wantKeyFrame(now: now)
    }

    // MARK: RTCP

    private mutating func handle(
        rtcp datagram: inout [UInt8], path: IcePath, hasWaited: Bool, into batch: inout DatagramBatch, now: MonotonicTime
    ) -> [Event] {
        guard let srtp, accepts(path) else {
            counters.refusedDatagrams += 1
            return []
        }
        let length = datagram.count
        guard let plain = try? datagram.withUnsafeMutableBytes({ try srtp.unprotectRTCP($0, length: length) }), plain <= length else {
            counters.refusedDatagrams += 1
            return []
        }
        var events: [Event] = []
        for packet in RTCPPacket.compound(in: datagram[..<plain]) { events += handle(packet, hasWaited: hasWaited, now: now) }
        // What is missing there is sent at once.
        return state == .connected ? events + drain(into: &batch, now: now) : events
    }
}
