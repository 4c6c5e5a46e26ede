/// Pictures to the viewer, and all that happens by time.
extension WebRTCSession {
    /// Takes a picture that was packetized for all viewers. What may leave now is appended to the batch, the rest waits for `tick`.
    mutating func send(
        _ unit: PacketizedAccessUnit, of stream: LiveStream, into batch: inout DatagramBatch, now: MonotonicTime
    ) -> [Event] {
        guard state == .connected else { return [] }
        rates[stream, default: StreamRate()].add(unit, now: now)
        guard choice.admits(unit, of: stream) else { return [] }
        if unit.isKeyFrame, stream == choice.rung.stream { limiter.keyFrameSent() }
        var events: [Event] = []
        if pacer.delay(of: queue.bytes + unit.byteCount) > settings.queueLimit, !queue.isEmpty {
            counters.droppedPackets += queue.dropPictures()
            // A key frame can be shown without what was dropped; any other picture cannot.
            if !unit.isKeyFrame {
                counters.droppedPackets += unit.count
                choice.broke()
                return wantKeyFrame(now: now)
            }
        }
        queue.append(unit)
        events += drain(into: &batch, now: now)
        return events
    }

    /// Does what is due.
    mutating func tick(into batch: inout DatagramBatch, now: MonotonicTime) -> [Event] {
        guard state != .closed else { return [] }
        var events = perform(ice.tick(now: now), into: &batch, now: now)
        guard state != .closed else { return events }
        if hasStartedDTLS, let timeout = dtls.nextTimeout(now: now), now >= timeout {
            dtls.handleTimeout(now: now)
            events += advanceDTLS(into: &batch, now: now)
        }
        if let handshakeDeadline, now >= handshakeDeadline { return events + end(.handshakeTimeout) }
        guard state == .connected else { return events }
        events += adapt(now: now)
        if limiter.tick(now: now) { events += keyFrameEvents() }
        report(into: &batch, now: now)
        events += drain(into: &batch, now: now)
        sendProbe(into: &batch, now: now)
        return events
    }

    // MARK: RTP

    /// Sends what waits, as far as the pacer lets it.
    mutating func drain(into batch: inout DatagramBatch, now: MonotonicTime) -> [Event] {
        guard let path = ice.selected else {
            // The way is lost and ICE looks for another: nothing that waits now is worth anything then.
            if !queue.isEmpty {
                counters.droppedPackets += queue.removeAll()
                choice.broke()
            }
            return []
        }
        guard let srtp else { return [] }
        while !queue.isEmpty, pacer.maySend(now: now) {
            if let entry = queue.nextResend() {
                if let closing = resend(entry, probe: nil, by: srtp, path: path, into: &batch, now: now) { return end(closing) }
            } else if let (unit, index) = queue.nextPacket() {
                if let closing = send(unit, index, by: srtp, path: path, into: &batch, now: now) { return end(closing) }
            }
        }
        return []
    }

    private mutating func send(
        _ unit: PacketizedAccessUnit, _ index: Int, by srtp: any SRTPContext, path: IcePath, into batch: inout DatagramBatch, now: MonotonicTime
    ) -> Closing? {
        let sequence = log.append(bytes: sender.byteCount(of: index, in: unit) + srtp.rtpOverhead, original: sender.nextSequence, now: now)
        return emit(by: srtp, path: path, into: &batch) { session, buffer in
            session.sender.write(unit, index, transportSequence: sequence, now: now, to: &buffer)
        }
    }

    private mutating func resend(
        _ entry: SendHistory.Entry, probe: Int?, by srtp: any SRTPContext, path: IcePath, into batch: inout DatagramBatch, now: MonotonicTime
    ) -> Closing? {
        counters.resentPackets += 1
        let bytes = sender.byteCount(of: entry.index, in: entry.unit) + RTXEncapsulation.headerBytes + srtp.rtpOverhead
        // A packet that is repeated as it was keeps its number, and is not counted a second time.
        let original = probe == nil ? entry.sequenceNumber : nil
        let sequence = sender.renumbersRetransmissions ? log.append(bytes: bytes, probe: probe, original: original, now: now) : entry.facts.transportSequence
        return emit(by: srtp, path: path, into: &batch) { session, buffer in
            session.sender.rewrite(entry, transportSequence: sequence, to: &buffer)
        }
    }

    /// Appends one encrypted packet to the batch and counts it.
    private mutating func emit(
        by srtp: any SRTPContext, path: IcePath, into batch: inout DatagramBatch, write: (inout WebRTCSession, inout [UInt8]) -> Void
    ) -> Closing? {
        do {
            let length = try batch.append(path: path, overhead: srtp.rtpOverhead) { buffer in
                write(&self, &buffer)
            } protect: { buffer, length in
                try srtp.protectRTP(buffer, length: length)
            }
            pacer.sent(bytes: length)
            counters.sentPackets += 1
            counters.sentBytes += length
            return nil
        } catch {
            return .encryptionFailed("\(error)")
        }
    }

    /// The packets of a probe that are due: the newest ones once more (RFC 4588), past the pacer, for that is the question.
    private mutating func sendProbe(into batch: inout DatagramBatch, now: MonotonicTime) {
        guard var current = probe else { return }
        guard let path = ice.selected, let srtp else {
            probe = nil
            return
        }
        let entries = sender.history.newestEntries(16)
        while current.left > 0, current.next <= now, !entries.isEmpty {
            _ = resend(entries[current.left % entries.count], probe: current.burst.id, by: srtp, path: path, into: &batch, now: now)
            current.left -= 1
            current.next += current.burst.pause
        }
        probe = current.left > 0 && !entries.isEmpty ? current : nil
    }

    // MARK: RTCP

    private mutating func report(into batch: inout DatagramBatch, now: MonotonicTime) {
        guard let due = nextReport, now >= due, let report = sender.senderReport(now: now) else { return }
        nextReport = now + settings.reportInterval
        sendRTCP(
            [.senderReport(report), .sourceDescription(SourceDescription([.init(ssrc: sender.ssrc, cname: cname)]))], into: &batch, now: now)
    }

    mutating func sendRTCP(_ packets: [RTCPPacket], into batch: inout DatagramBatch, now: MonotonicTime) {
        guard let srtp, let path = ice.selected else { return }
        // A report that cannot be encrypted is left out; media would fail alike and end the session.
        _ = try? batch.append(path: path, overhead: srtp.rtcpOverhead) { buffer in
            for packet in packets { packet.write(to: &buffer) }
        } protect: { buffer, length in
            try srtp.protectRTCP(buffer, length: length)
        }
    }
}
