/// How viewers come, are fed and go. All of it on the loop's thread.
extension WebRTCLoop {
    /// Answers an offer: with a description at once, or when STUN servers have told what they see of us.
    func open(
        _ offer: SessionDescription, _ negotiated: NegotiatedSession, source: String, live: any LiveSource, ceiling: ViewerRung, 
        reply: @escaping @Sendable (Result<(id: ViewerID, answer: String, generation: String), WebRTCError>) -> Void
    ) {
        let now = MonotonicTime.now
        do throws(WebRTCError) {
            guard !isOver else { throw .notRunning }
            if viewers.count >= settings.viewerLimit { makeRoom() }
            guard viewers.count < settings.viewerLimit else { throw .tooMany(limit: settings.viewerLimit) }
            let id = ViewerID(using: &random)
            let credentials = IceCredentials(using: &random)
            let ice = IceAgent(
                role: .controlled, credentials: credentials, addresses: addresses, stunServers: stunServers, random: SystemRandomNumberGenerator(), now: now)
            // Never equal, nor 0: one key encrypts both streams, and a number of one SSRC may be used once (RFC 7714 §8.1).
            let ssrc = UInt32.random(in: 2 ... .max, using: &random)
            let local = OfferAnswer.Local(
                credentials: credentials, candidates: [], fingerprint: context.certificate.fingerprint, ssrc: ssrc, retransmissionSSRC: ssrc ^ 1,
                cname: "meshcam", sessionID: .random(in: 0...UInt64(Int64.max), using: &random))
            var sessionSettings = WebRTCSettings()
            sessionSettings.ceiling = ceiling
            sessionSettings.ticksFrom = began
            let session = WebRTCSession(
                negotiated: negotiated, local: local, ice: ice, dtls: try endpoint(), makeSRTP: { try SRTPSession($0, $1) }, settings: sessionSettings,
                wallTime: wallTime(), random: &random, now: now)
            let pending = PendingDescription(
                reply: { result in reply(result.map { (id, $0, credentials.usernameFragment) }) }, until: now + (isImpatient(now) ? settings.impatientGatheringTime : settings.gatheringTime)
            ) { ice in
                var local = local
                local.candidates = ice.localCandidates
                return OfferAnswer.answer(to: offer, negotiated, local: local).description
            }
            router.add(id, fragment: credentials.usernameFragment)
            viewers[id] = Viewer(session: session, source: source, live: live, description: pending)
            gathering.disturb(now: now)
            // The stream begins once there is a way: a key frame that came before would be lost, and the next one could be asked for only half a
            // second later. And an offer alone starts no encoder.
            change(id, now: now) { viewer, batch in viewer.session.tick(into: &batch, now: now) }
            if viewers[id]?.session.ice.isGathering != true { describe(id) }
        } catch {
            reply(.failure(error))
        }
    }

    /// Who began first and never came gives its place to the next: offers cost nothing, and must not keep those out who watch.
    private func makeRoom() {
        let idle = viewers.lazy.filter { $0.value.session.state != .connected }.min { $0.value.began < $1.value.began }
        if let idle { end(idle.key) }
    }

    /// Candidates of a viewer that come later, or new credentials of it, which are answered with new ones of ours.
    ///
    /// A generation is named by our username fragment, which is no secret.
    ///
    /// - Parameter generations: those that it may be for; nil: any.
    /// - Returns: the fragment to answer with, and the generation that has begun; nil when there is nothing to say.
    func trickle(_ id: ViewerID, _ fragment: TrickleFragment, generations: [String]?) throws(WebRTCError) -> (fragment: String, generation: String)? {
        guard let viewer = viewers[id] else { throw .unknownViewer }
        guard generations?.contains(viewer.session.ice.local.usernameFragment) ?? true else { throw .otherGeneration }
        let isNamed = fragment.transport.usernameFragment != nil || fragment.transport.password != nil
        let remote = fragment.transport.credentials
        guard remote != nil || !isNamed else { throw .badFragment(.badCredentials) }
        // Candidates of a generation that is over came late (RFC 8840 §4.4).
        if remote != nil, remote == viewer.formerRemote { return nil }
        let now = MonotonicTime.now
        // It looks for a way, and must not wait for its answers.
        gathering.disturb(now: now)
        var answer: (String, String)?
        if let remote, remote != viewer.session.ice.remote {
            viewer.formerRemote = viewer.session.ice.remote
            let local = IceCredentials(using: &random)
            router.add(id, fragment: local.usernameFragment)
            change(id, now: now) { viewer, _ in
                viewer.session.restart(local: local, remote: remote, now: now)
                return []
            }
            var transport = TransportDescription()
            transport.usernameFragment = local.usernameFragment
            transport.password = local.password
            transport.candidates = viewer.session.ice.localCandidates
            transport.endOfCandidates = true
            answer = (TrickleFragment(transport: transport, mid: fragment.mid).description, local.usernameFragment)
        }
        change(id, now: now) { viewer, _ in
            for candidate in fragment.transport.candidates { viewer.session.add(candidate) }
            return []
        }
        return answer
    }

    /// Ends a session as our side wants it.
    func end(_ id: ViewerID) {
        change(id, now: .now) { viewer, batch in viewer.session.close(into: &batch, now: .now) }
    }

    /// Pictures of a stream have come.
    private func takeIn(_ key: ViewerFeed.Key) {
        for unit in feeds[key]?.takeAll() ?? [] { deliver(unit, of: key) }
    }

    /// A picture of a stream, for all who watch it.
    private func deliver(_ unit: PacketizedAccessUnit, of key: ViewerFeed.Key) {
        guard let watchers = feeds[key]?.watchers else { return }
        let now = MonotonicTime.now
        for id in watchers {
            change(id, now: now) { viewer, batch in viewer.session.send(unit, of: key.stream, into: &batch, now: now) }
            // It has what it wanted; the stream that it had before may stop.
            if unit.isKeyFrame, let viewer = viewers[id], viewer.session.rung.stream == key.stream, viewer.session.state == .connected {
                for other in viewer.streams where other != key.stream { starve(id, other) }
            }
        }
    }

    var statistics: [ViewerStatistics] {
        viewers.map { id, viewer in
            let counters = viewer.session.counters
            return ViewerStatistics(
                id: id, source: viewer.source, isConnected: viewer.session.state == .connected, stream: viewer.session.rung.stream,
                sentPackets: counters.sentPackets, sentBytes: counters.sentBytes, resentPackets: counters.resentPackets,
                droppedPackets: counters.droppedPackets, lostPackets: counters.lostPackets, nacks: counters.nacks, keyFrameRequests: counters.keyFrameRequests,
                estimatedBitRate: viewer.session.estimatedBitRate, cipher: viewer.cipher)
        }
    }

    // MARK: What sessions say

    func follow(_ event: WebRTCSession.Event, of id: ViewerID, now: MonotonicTime) {
        guard let viewer = viewers[id] else { return }
        switch event {
        case .connected:
            if case .established(let profile, _) = viewer.session.dtls.progress { viewer.cipher = "\(profile)" }
            logger.debug("a viewer sees \(viewer.source)", metadata: ["viewer": "\(id.short)"])
        case .keyFrameWanted(let stream): viewer.live.requestKeyFrame(of: stream)
        case .streamWanted(let stream): feed(id, stream)
        case .candidate: break
        case .gatheringDone: describe(id)
        case .closed(let why):
            logger.debug("a viewer of \(viewer.source) is gone", metadata: ["viewer": "\(id.short)", "reason": "\(why)"])
            describe(id)
            for stream in viewer.streams { starve(id, stream) }
            router.remove(id)
            viewers[id] = nil
        }
    }

    /// Gives the description that somebody waits for.
    func describe(_ id: ViewerID) {
        guard let viewer = viewers[id], let pending = viewer.description else { return }
        viewer.description = nil
        pending.reply(viewer.session.state == .closed ? .failure(.unknownViewer) : .success(pending.text(viewer.session.ice)))
    }

    // MARK: Feeds

    private func feed(_ id: ViewerID, _ stream: LiveStream) {
        guard let viewer = viewers[id], !viewer.streams.contains(stream) else { return }
        viewer.streams.insert(stream)
        let key = ViewerFeed.Key(source: viewer.source, stream: stream)
        if feeds[key] == nil {
            let subscription = viewer.live.subscribe(to: stream, name: "viewers", capacity: ViewerFeed.capacity)
            feeds[key] = ViewerFeed(subscription)
            subscription.notify { [weak self] in self?.post { $0.takeIn(key) } }
        }
        feeds[key]?.watchers.insert(id)
    }

    private func starve(_ id: ViewerID, _ stream: LiveStream) {
        guard let viewer = viewers[id] else { return }
        viewer.streams.remove(stream)
        let key = ViewerFeed.Key(source: viewer.source, stream: stream)
        feeds[key]?.watchers.remove(id)
        if feeds[key]?.watchers.isEmpty == true {
            feeds[key]?.subscription.cancel()
            feeds[key] = nil
        }
    }

    // MARK: -

    private var addresses: [TransportAddress] { settings.addresses().compactMap { TransportAddress($0, port: port) } }

    private var stunServers: [TransportAddress] { settings.stunServers().compactMap { TransportAddress($0.0, port: $0.1) } }

    private func endpoint() throws(WebRTCError) -> DTLSEndpoint {
        do throws(MediaError) { return try DTLSEndpoint(context) } catch { throw .failed(error) }
    }
}

extension ViewerID {
    /// For logs: not enough to end the session.
    var short: String { String(description.prefix(8)) }
}
