/// What one viewer's link carries, from what the viewer reports: Google Congestion Control, all of it at the sender
/// (draft-ietf-rmcat-gcc-02 with transport-wide feedback). Does no I/O and reads no clock.
///
/// What is guaranteed: bounded memory, a rate within limits. What is not: fairness to other flows beyond what the draft promises.
struct BandwidthEstimator: Sendable {
    struct Settings: Sendable, Hashable {
        /// Before anything is known. High enough for a main stream: most viewers are on the camera's own network, and those that are
        /// not are known after a second.
        var startBitRate = 3_000_000.0
        /// Never less: a picture every two seconds fits.
        var minimumBitRate = 50_000.0
        var maximumBitRate = 30_000_000.0
        /// Silence after which the rate is halved, if something was sent; and again after each such time.
        var feedbackTimeout = Duration.seconds(1)

        init() {}
    }

    private let settings: Settings
    private var groups = PacketGroups()
    private var trendline = TrendlineEstimator()
    private var detector = OveruseDetector()
    private var acknowledged = AcknowledgedRate()
    private var control: RateControl
    private var losses = LossController()
    private var probes = ProbeResults()
    /// Upper bound of the receiver's own estimate, if it makes one.
    private var receiverLimit = Double.infinity
    private var lastFeedback: MonotonicTime?
    /// Nothing was heard for a while, and nothing has come since.
    private var afterSilence = false
    private var lastReportedRoundTrip: MonotonicTime?
    private var lastGrowth: MonotonicTime?
    private(set) var roundTrip = Duration.milliseconds(100)
    private var origin: MonotonicTime?

    init(settings: Settings = Settings()) {
        self.settings = settings
        control = RateControl(bitRate: settings.startBitRate, limits: settings.minimumBitRate...settings.maximumBitRate)
    }

    /// Bit/s that may be sent.
    var bitRate: Double {
        max(settings.minimumBitRate, min(control.bitRate, losses.bitRate, receiverLimit))
    }

    /// The share of the last packets that was lost.
    var loss: Double { losses.loss }

    /// Whether the way gets no longer and loses little: the moment to try more.
    var isQuiet: Bool { !isOverused && losses.loss < 0.05 }

    /// Whether the way gets longer and longer: more is sent than the link carries.
    var isOverused: Bool { detector.signal == .overuse }

    /// Takes what a feedback message reported.
    ///
    /// - Parameter hasWaited: the message may have come some time before `now`.
    mutating func handle(_ reports: [SentPacketLog.Report], hasWaited: Bool = false, now: MonotonicTime) {
        guard !reports.isEmpty else { return }
        lastFeedback = now
        let origin = self.origin ?? now
        self.origin = origin
        var received = 0
        var isJudged = false
        var newest: MonotonicTime?
        for report in reports {
            guard let arrival = report.received else { continue }
            received += 1
            let arrived = arrival.inSeconds
            acknowledged.add(bytes: report.packet.bytes, arrived: arrived)
            newest = max(newest ?? report.packet.sent, report.packet.sent)
            if let probe = report.packet.probe, let rate = probes.add(probe, report.packet, arrived: arrived) {
                control.raise(to: rate, now: now)
                losses.raise(to: rate)
            }
            guard let variation = groups.add(departure: report.packet.sent.seconds(since: origin), arrival: arrived) else { continue }
            trendline.add(variation)
            detector.update(slope: trendline.slope, groups: trendline.count, step: variation.departure, arrived: variation.arrived)
            // A queue that grew within this message is not forgotten because its end looks better.
            if detector.signal == .overuse, !isJudged {
                isJudged = true
                control.update(.overuse, acknowledged: acknowledged.bitRate, roundTrip: roundTrip, now: now)
            }
        }
        // Feedback waits at the receiver for its interval; a report says how long it waited, and is better where it comes.
        if !hasWaited, let newest, lastReportedRoundTrip.map({ now - $0 > .seconds(10) }) ?? true { measured(roundTrip: now - newest) }
        if !isJudged { control.update(detector.signal, acknowledged: acknowledged.bitRate, roundTrip: roundTrip, now: now) }
        // What fell into an outage was answered by halving; it says nothing about the link that is there again.
        let lost = afterSilence ? 0 : reports.count - received
        afterSilence = false
        losses.add(sent: received + lost, lost: lost, current: bitRate, roundTrip: roundTrip, now: now)
    }

    /// Takes a receiver report's block about our stream.
    ///
    /// - Parameters:
    ///   - hasWaited: the report may have come some time before `now`, so that the round trip is no longer than it says.
    ///   - hasTransportFeedback: Then its loss is known already, and more precisely.
    mutating func handle(_ block: ReportBlock, roundTrip: Duration?, hasWaited: Bool = false, hasTransportFeedback: Bool, now: MonotonicTime) {
        if let roundTrip, hasWaited, lastReportedRoundTrip != nil, roundTrip >= self.roundTrip {
            lastReportedRoundTrip = now
        } else if let roundTrip {
            // The first precise measurement replaces all that was guessed.
            if lastReportedRoundTrip == nil { self.roundTrip = max(roundTrip, .milliseconds(1)) }
            lastReportedRoundTrip = now
            measured(roundTrip: roundTrip)
        }
        guard !hasTransportFeedback else { return }
        lastFeedback = now
        // Nobody measures delays here, and no probe is answered: what loses nothing may grow, until losses or the receiver's own estimate say
        // otherwise (draft-ietf-rmcat-gcc-02 §6).
        if block.fractionLost == 0, lastGrowth.map({ now - $0 >= .seconds(1) }) ?? true {
            lastGrowth = now
            control.raise(to: min(settings.maximumBitRate, control.bitRate * 1.2), now: now)
        }
        losses.add(fractionLost: block.fractionLost, current: bitRate, roundTrip: self.roundTrip, now: now)
    }

    /// A receiver's estimate is a limit up to this multiple of what is sent. It knows no more than what came: well above that it merely says that
    /// nothing is wrong, and a small stream would stay small for ever.
    private static let receiverHorizon = 1.25

    /// Takes the receiver's own estimate.
    /// - Parameter sending: bit/s of the stream that it gets, where known.
    mutating func handle(_ estimate: ReceiverEstimatedMaximumBitRate, sending: Double? = nil, now: MonotonicTime) {
        lastFeedback = now
        let limit = max(settings.minimumBitRate, Double(estimate.bitRate))
        receiverLimit = sending.map { limit > $0 * Self.receiverHorizon } ?? false ? .infinity : limit
    }

    /// Halves the rate for each stretch of silence after something was sent. Who gets a picture every two seconds has nothing to report in
    /// between: a stretch begins with the first packet that nobody has reported on.
    mutating func tick(unreportedSince: MonotonicTime?, now: MonotonicTime) {
        guard let last = lastFeedback, let unreportedSince, now - max(last, unreportedSince) >= settings.feedbackTimeout + roundTrip else { return }
        control.halve()
        afterSilence = true
        lastFeedback = now
    }

    private mutating func measured(roundTrip sample: Duration) {
        guard sample > .zero, sample < .seconds(10) else { return }
        roundTrip = roundTrip * 0.75 + sample * 0.25
    }
}
