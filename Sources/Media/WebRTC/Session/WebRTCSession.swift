/// A viewer: ICE, DTLS, SRTP, RTP and congestion control put together. Opens no socket and reads no clock.
///
/// Feed it datagrams (`handle`), packetized pictures (`send`) and the time (`tick`, at `nextDeadline` and about `nextRoutine`). Each call appends what is to be sent
/// to a batch and answers what happened. It is large, and copied nowhere. DTLS and SRTP are behind protocols; sessions of one node share nothing but the pictures.
struct WebRTCSession: ~Copyable {
    enum State: Sendable, Hashable {
        /// No way yet.
        case new
        /// A way is there; keys are being agreed.
        case connecting
        case connected
        case closed
    }

    enum Event: Sendable, Hashable {
        /// Media flows from now on.
        case connected
        /// The encoder of this stream shall make a key frame.
        case keyFrameWanted(LiveStream)
        /// From now on `send` is to be fed this stream; another one may stop as soon as a key frame of this was sent.
        case streamWanted(LiveStream)
        /// A candidate of ours that the description does not have.
        case candidate(IceCandidate)
        case gatheringDone
        /// The last event.
        case closed(Closing)
    }

    /// Why a session ended.
    enum Closing: Sendable, Hashable {
        /// By `close`.
        case here
        /// The viewer said goodbye.
        case there
        /// No way, or none any more.
        case unreachable(IceAgent.Failure)
        /// No agreement on keys in time.
        case handshakeTimeout
        case handshakeFailed(String)
        /// The certificate is not the one that the description promised: somebody is in between.
        case fingerprintMismatch
        /// Encryption failed, with the library's text.
        case encryptionFailed(String)
    }

    typealias MakeSRTP = (SRTPProfile, SRTPKeys) throws -> any SRTPContext

    /// What a viewer costs and gets, for the metrics.
    struct Counters: Sendable, Hashable {
        var sentPackets = 0
        var sentBytes = 0
        var resentPackets = 0
        /// Dropped because they would have come too late.
        var droppedPackets = 0
        /// As the viewer's last report has it (RFC 3550 §6.4.1).
        var lostPackets = 0
        var nacks = 0
        var keyFrameRequests = 0
        /// Datagrams that were not understood or not authentic.
        var refusedDatagrams = 0

        /// How often the viewer asked for what it missed.
        var requests: Int { nacks + keyFrameRequests }
    }

    let settings: WebRTCSettings
    let negotiated: NegotiatedSession
    let cname: String
    let dtls: any DTLSTransport
    let makeSRTP: MakeSRTP
    var ice: IceAgent
    /// Of `ice`, since it last took or did something.
    private(set) var iceDeadline: MonotonicTime?
    var srtp: (any SRTPContext)?
    var state = State.new
    var hasStartedDTLS = false
    var handshakeDeadline: MonotonicTime?
    /// Where DTLS goes before a path is selected.
    var earlyPath: IcePath?

    var sender: VideoSender
    var queue = ViewerQueue()
    var resends: ResendBudget
    var pacer: Pacer
    var log = SentPacketLog()
    var estimator: BandwidthEstimator
    var probePlan: ProbePlan
    var probe: (burst: ProbePlan.Burst, left: Int, next: MonotonicTime)?
    var adaptation: ViewerAdaptation
    var choice: StreamSwitch
    var rates: [LiveStream: StreamRate] = [:]
    var limiter: KeyFrameLimiter
    var nextReport: MonotonicTime?
    var nextAdaptation: MonotonicTime
    let ticksFrom: MonotonicTime
    var counters = Counters()

    /// - Parameters:
    ///   - ice: With the local credentials that the answer names; it learns the other side's here.
    ///   - dtls: Not started.
    ///   - makeSRTP: Called once, when the keys are agreed.
    init(
        negotiated: NegotiatedSession, local: OfferAnswer.Local, ice: IceAgent, dtls: any DTLSTransport, makeSRTP: @escaping MakeSRTP,
        settings: WebRTCSettings = WebRTCSettings(), wallTime: SenderReportClock.WallTime, random: inout some RandomNumberGenerator,
        now: MonotonicTime
    ) {
        self.negotiated = negotiated
        self.settings = settings
        self.dtls = dtls
        self.makeSRTP = makeSRTP
        self.ice = ice
        cname = local.cname
        self.ice.setRemote(negotiated.credentials, isLite: negotiated.isLite, now: now)
        for candidate in negotiated.candidates { self.ice.add(candidate) }
        sender = VideoSender(
            video: negotiated.video, ssrc: local.ssrc, retransmissionSSRC: local.retransmissionSSRC, wallTime: wallTime, using: &random)
        resends = ResendBudget(now: now)
        estimator = BandwidthEstimator(settings: settings.bandwidth)
        pacer = Pacer(bitRate: settings.bandwidth.startBitRate, now: now)
        probePlan = ProbePlan(now: now)
        adaptation = ViewerAdaptation(ceiling: settings.ceiling)
        choice = StreamSwitch(rung: settings.ceiling)
        limiter = KeyFrameLimiter(interval: settings.keyFrameInterval)
        nextAdaptation = now
        ticksFrom = settings.ticksFrom ?? now
        if negotiated.dtlsRole == .server { startDTLS(now: now) }
    }

    /// When `tick` has something to do.
    func nextDeadline(now: MonotonicTime) -> MonotonicTime? {
        guard state != .closed else { return nil }
        guard state == .connected else {
            let deadline = earliest(ice.nextDeadline, handshakeDeadline)
            return hasStartedDTLS ? earliest(deadline, dtls.nextTimeout(now: now)) : deadline
        }
        // This is asked after each datagram and picture; ICE's deadline has to be looked for, and moves seldom.
        let deadline = earliest(iceDeadline, earliest(limiter.nextDeadline, probe?.next))
        return queue.isEmpty ? deadline : earliest(deadline, pacer.nextTime(now: now))
    }

    /// When `tick` has routine work, which the next picture may be waited for with: a look at the estimate, and reports.
    var nextRoutine: MonotonicTime? {
        guard state == .connected else { return nil }
        // Before the first picture there is nothing to report.
        return sender.packetCount > 0 ? earliest(nextAdaptation, nextReport) : nextAdaptation
    }

    /// Whether datagrams on this way are the viewer's: an authentic check came from there. To be asked after `handle`.
    func hasProof(of path: IcePath) -> Bool { ice.hasProof(of: path) }

    func accepts(_ path: IcePath) -> Bool { path == ice.selected || ice.knows(path) }

    /// What the viewer is given now.
    var rung: ViewerRung { adaptation.rung }

    /// Bit/s that the viewer's link carries.
    var estimatedBitRate: Double { estimator.bitRate }

    // MARK: What the viewer's page says later

    /// A trickled candidate (RFC 8838).
    mutating func add(_ candidate: IceCandidate) {
        ice.add(candidate)
        followIce()
    }

    /// To be called after everything that may change what ICE waits for.
    mutating func followIce() { iceDeadline = ice.nextDeadline }

    /// ICE begins anew with these credentials; media and keys stay (RFC 8445 §9).
    mutating func restart(local: IceCredentials, remote: IceCredentials, now: MonotonicTime) {
        guard state != .closed else { return }
        ice.restart(local: local, remote: remote, isLite: negotiated.isLite, now: now)
        followIce()
    }

    /// The viewer wants less, or more again: a tile of a grid, or the whole screen.
    mutating func set(ceiling: ViewerRung, now: MonotonicTime) {
        adaptation.set(ceiling: ceiling, now: now)
    }

    /// Ends the session: the viewer hears BYE and a DTLS alert.
    mutating func close(into batch: inout DatagramBatch, now: MonotonicTime) -> [Event] {
        guard state != .closed else { return [] }
        sendRTCP([.goodbye(Goodbye(ssrcs: sender.ssrcs))], into: &batch, now: now)
        if hasStartedDTLS {
            dtls.close()
            flushDTLS(into: &batch)
        }
        return end(.here)
    }

    mutating func end(_ closing: Closing) -> [Event] {
        guard state != .closed else { return [] }
        state = .closed
        srtp = nil
        _ = queue.dropPictures()
        return [.closed(closing)]
    }
}
