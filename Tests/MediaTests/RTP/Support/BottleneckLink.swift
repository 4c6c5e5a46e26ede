@testable import Media

/// A sender with estimator and pacer, a link of limited rate with a queue, and a receiver that reports as browsers do; in virtual time.
struct BottleneckLink {
    struct Link {
        /// Bit/s.
        var bitRate: Double
        /// One way.
        var delay = 0.020
        /// Bytes that wait at most; what comes on top is lost.
        var queueBytes = 64_000
        /// Share lost by chance.
        var loss = 0.0
        /// Added to the delay at random.
        var jitter = 0.0
    }

    var link: Link
    /// Bit/s that the source makes if it may; nil for as much as the estimate allows.
    var sourceBitRate: Double?
    /// Bit/s that are made whatever the estimate is.
    var overrun = 0.0
    private(set) var estimator: BandwidthEstimator
    private(set) var time = 0.0
    /// The longest that a packet waited in the link's queue since it was last asked.
    private(set) var worstQueue = 0.0
    private(set) var sentBytes = 0
    private(set) var lostPackets = 0
    private var log = SentPacketLog(firstSequence: 65_000)
    private var pacer: Pacer
    private var linkFree = 0.0
    private var lastArrival = 0.0
    private var arrivals: [(sequence: UInt16, time: Double)] = []
    private var feedbacks: [(arrives: Double, feedback: TransportFeedback)] = []
    private var nextFrame = 0.0
    private var nextReport = 0.05
    private var highestReported: UInt16?
    private var waiting: [Int] = []
    private var feedbackCount: UInt8 = 0
    private var generator: SeededGenerator
    /// The receiver's clock is minutes off ours.
    private let clockOffset = 977.0

    init(link: Link, seed: UInt64, settings: BandwidthEstimator.Settings = .init()) {
        self.link = link
        estimator = BandwidthEstimator(settings: settings)
        pacer = Pacer(bitRate: settings.startBitRate, now: at(0))
        generator = SeededGenerator(state: seed)
    }

    /// Runs for so long; answers the mean estimate of the second half.
    @discardableResult
    mutating func run(seconds: Double) -> Double {
        let end = time + seconds
        let half = time + seconds / 2
        var sum = 0.0
        var count = 0.0
        worstQueue = 0
        while time < end {
            step()
            if time >= half {
                sum += estimator.bitRate
                count += 1
            }
            time += 0.001
        }
        return sum / count
    }

    private mutating func step() {
        if time >= nextFrame {
            nextFrame += 1.0 / 30
            let rate = max(overrun, min(sourceBitRate ?? .infinity, estimator.bitRate))
            var bytes = Int(rate / 30 / 8 * Double.random(in: 0.8...1.2, using: &generator))
            while bytes > 0 {
                waiting.append(min(bytes, 1200))
                bytes -= 1200
            }
        }
        pacer.set(bitRate: estimator.bitRate, now: at(time))
        while let bytes = waiting.first, pacer.maySend(now: at(time)) {
            waiting.removeFirst()
            pacer.sent(bytes: bytes)
            transmit(bytes)
        }
        if time >= nextReport {
            nextReport += 0.05
            report()
        }
        while let first = feedbacks.first, first.arrives <= time {
            estimator.handle(log.reports(in: first.feedback), now: at(time))
            feedbacks.removeFirst()
        }
        estimator.tick(unreportedSince: log.unreportedSince, now: at(time))
    }

    private mutating func transmit(_ bytes: Int) {
        sentBytes += bytes
        let sequence = log.append(bytes: bytes, now: at(time))
        let queue = max(0, linkFree - time)
        if queue * link.bitRate / 8 > Double(link.queueBytes) || Double.random(in: 0..<1, using: &generator) < link.loss {
            lostPackets += 1
            return
        }
        worstQueue = max(worstQueue, queue)
        linkFree = max(linkFree, time) + Double(bytes * 8) / link.bitRate
        // A link keeps the order, whatever the jitter.
        lastArrival = max(lastArrival, linkFree + link.delay + .random(in: 0...max(link.jitter, 1e-9), using: &generator))
        arrivals.append((sequence, lastArrival))
    }

    /// The receiver reports what came since the last time, through the parser and the writer.
    private mutating func report() {
        let due = arrivals.filter { $0.time <= time }
        arrivals.removeAll { $0.time <= time }
        guard let first = due.first, let last = due.last else { return }
        let base = highestReported.map { $0 &+ 1 } ?? first.sequence
        highestReported = last.sequence
        let reference = Int32(((first.time + clockOffset) / 0.064).rounded(.down))
        let known = Dictionary(uniqueKeysWithValues: due.map { ($0.sequence, $0.time) })
        let list: [Int32?] = (0...(last.sequence &- base)).map { step in
            known[base &+ step].map { Int32((($0 + clockOffset - Double(reference) * 0.064) / 0.00025).rounded()) }
        }
        let feedback = TransportFeedback(
            senderSSRC: 1, mediaSSRC: 2, baseSequence: base, referenceTime: reference, feedbackCount: feedbackCount, arrivals: list)
        feedbackCount &+= 1
        let bytes = RTCPPacket.bytes(of: [.transportFeedback(feedback)])
        if case .transportFeedback(let read)? = RTCPPacket.compound(in: bytes[...]).first { feedbacks.append((time + link.delay, read)) }
    }
}
