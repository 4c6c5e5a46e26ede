/// What the viewer reports and asks for.
extension WebRTCSession {
    /// - Parameter hasWaited: it tells nothing of how long the way is.
    mutating func handle(_ packet: RTCPPacket, hasWaited: Bool = false, now: MonotonicTime) -> [Event] {
        switch packet {
        case .nack(let nack) where nack.mediaSSRC == sender.ssrc && negotiated.video.allowsNACK:
            counters.nacks += 1
            for number in nack.sequenceNumbers { sendAgain(number, now: now) }
            return []
        case .pictureLoss(let indication) where indication.mediaSSRC == sender.ssrc:
            counters.keyFrameRequests += 1
            return wantKeyFrame(now: now)
        case .fullIntraRequest(let request):
            guard let entry = request.entries.first(where: { $0.ssrc == sender.ssrc }) else { return [] }
            counters.keyFrameRequests += 1
            return limiter.request(entry, from: request.senderSSRC, now: now) ? keyFrameEvents() : []
        case .transportFeedback(let feedback) where negotiated.video.allowsTransportFeedback:
            estimator.handle(log.reports(in: feedback), hasWaited: hasWaited, now: now)
            let losses = log.newLosses()
            // Whoever reports a loss need not ask as well: the request gets lost like anything else, and so does the answer. But a full link
            // loses for being full.
            guard negotiated.video.allowsNACK, !estimator.isOverused else { return [] }
            for packet in losses {
                if let number = packet.sequenceNumber { sendAgain(number, lost: packet.sent, now: now) }
            }
            return []
        case .receiverReport(let report):
            handle(report.blocks, hasWaited: hasWaited, now: now)
            return []
        case .senderReport(let report):
            handle(report.blocks, hasWaited: hasWaited, now: now)
            return []
        case .estimatedMaximumBitRate(let estimate) where !negotiated.video.allowsTransportFeedback:
            estimator.handle(estimate, sending: rates[adaptation.rung.stream]?.bitRate, now: now)
            return []
        case .goodbye:
            return end(.there)
        default:
            return []
        }
    }

    /// - Parameter lost: When the packet left that did not arrive, if that is known.
    private mutating func sendAgain(_ number: UInt16, lost: MonotonicTime? = nil, now: MonotonicTime) {
        // What there is no budget for now must not count as sent again.
        guard resends.has(bytes: H264Packetizer.defaultPayloadLimitBytes, bitRate: estimator.bitRate, now: now),
            let entry = sender.answer(number, lost: lost, now: now, roundTrip: estimator.roundTrip)
        else { return }
        // Wanted again: the repetition was lost too, or its request. There is time for few more, so that this one goes twice.
        for _ in 0..<(entry.resends > 1 ? 2 : 1) {
            guard resends.take(bytes: entry.unit.byteCount(of: entry.index), bitRate: estimator.bitRate, now: now) else { break }
            queue.append(resend: entry)
        }
    }

    private mutating func handle(_ blocks: [ReportBlock], hasWaited: Bool, now: MonotonicTime) {
        guard let block = blocks.first(where: { $0.ssrc == sender.ssrc }) else { return }
        counters.lostPackets = Int(block.cumulativeLost)
        estimator.handle(
            block, roundTrip: block.roundTrip(now: sender.clock.ntp(now: now).middle), hasWaited: hasWaited,
            hasTransportFeedback: negotiated.video.allowsTransportFeedback, now: now)
    }

    // MARK: Key frames

    mutating func wantKeyFrame(now: MonotonicTime) -> [Event] {
        limiter.request(now: now) ? keyFrameEvents() : []
    }

    func keyFrameEvents() -> [Event] { [.keyFrameWanted(adaptation.rung.stream)] }

    // MARK: Adaptation

    /// Looks at the estimate, and decides what the viewer gets.
    mutating func adapt(now: MonotonicTime) -> [Event] {
        guard state == .connected, now >= nextAdaptation else { return [] }
        let passed = ((now - ticksFrom) / settings.adaptationInterval).rounded(.down)
        nextAdaptation = ticksFrom + settings.adaptationInterval * (passed + 1)
        estimator.tick(unreportedSince: log.unreportedSince, now: now)
        pacer.set(bitRate: estimator.bitRate, now: now)
        let known = ViewerAdaptation.Rates(
            main: rates[.main]?.bitRate, small: rates[.small]?.bitRate, keyFrames: rates[.small]?.keyFrameBitRate)
        planProbe(known, now: now)
        guard let rung = adaptation.update(estimate: estimator.bitRate, rates: known, now: now) else { return [] }
        let before = choice.rung
        choice.set(rung)
        // Where the viewer merely wants less, the larger stream goes on until the smaller one's key frame.
        if rung < before, rung < adaptation.ceiling {
            // The link is full: what waits, and what was lost, would fill it further, and nobody needs it once the smaller stream's key frame
            // is there.
            counters.droppedPackets += queue.removeAll()
            sender.forget()
            probe = nil
            probePlan.postpone(now: now)
            choice.broke()
        }
        // Another encoder: what the one before was asked for does not delay it.
        if rung.stream != before.stream { limiter = KeyFrameLimiter(interval: settings.keyFrameInterval) }
        let wanted: [Event] = rung.stream == before.stream ? [] : [.streamWanted(rung.stream)]
        return choice.awaitsKeyFrame ? wanted + wantKeyFrame(now: now) : wanted
    }

    private mutating func planProbe(_ known: ViewerAdaptation.Rates, now: MonotonicTime) {
        guard probe == nil, sender.canProbe, negotiated.video.allowsTransportFeedback, queue.isEmpty, probePlan.isDue(now: now),
            let wanted = adaptation.wanted(known)
        else { return }
        let recent = sender.history.newestEntries(16).map { $0.unit.byteCount(of: $0.index) }
        let bytes = recent.isEmpty ? 0 : recent.reduce(0, +) / recent.count
        // Small packets say little about a link.
        let burst = probePlan.burst(
            wanted: wanted, estimate: estimator.bitRate, isQuiet: estimator.isQuiet, isUrgent: adaptation.rung == .keyFrames,
            packetBytes: bytes > 200 ? bytes : 0, now: now)
        probe = burst.map { ($0, $0.packets, now) }
    }
}
