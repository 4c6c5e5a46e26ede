@testable import Media

/// A camera's session and a viewer with a network between them, stepped millisecond by millisecond.
struct SessionLab: ~Copyable {
    struct Conditions {
        var loss = 0.0
        var delay = 0.005
        var jitter = 0.0
        /// Bit/s from the camera to the viewer.
        var bitRate = 100_000_000.0
        var queueSeconds = 0.5
    }

    var conditions = Conditions()
    var session: WebRTCSession
    var viewer: TestViewer
    var sources: [LiveStream: TestSource] = [.main: TestSource(.main, bytes: 6000), .small: TestSource(.small, bytes: 1000)]
    private(set) var wanted: LiveStream?
    private(set) var time = 0.0
    private(set) var events: [(event: WebRTCSession.Event, time: Double)] = []
    private(set) var rungs: [(rung: ViewerRung, time: Double)] = []
    private var flights: [(arrives: Double, order: Int, bytes: [UInt8], path: IcePath, toViewer: Bool)] = []
    private var order = 0
    private var linkFree = 0.0
    private var nextFrame = 0.0
    private var batch = DatagramBatch()
    private var generator: SeededGenerator

    static let camera = TransportAddress("192.168.1.2", port: 5000)!
    static let browser = TransportAddress("192.168.1.7", port: 6000)!

    /// - Parameter adjust: Changes the viewer's offer.
    init(
        seed: UInt64, settings: WebRTCSettings = WebRTCSettings(), cameraCertificate: UInt8 = 0xca, promisedCertificate: UInt8 = 0xbb,
        adjust: (inout SessionDescription) -> Void = { _ in }
    ) throws {
        var generator = SeededGenerator(state: seed)
        func local(_ certificate: UInt8, _ address: TransportAddress, _ ssrc: UInt32) -> OfferAnswer.Local {
            OfferAnswer.Local(
                credentials: IceCredentials(using: &generator), candidates: [], fingerprint: .init(algorithm: "sha-256", bytes: .init(repeating: certificate, count: 32)),
                ssrc: ssrc, retransmissionSSRC: ssrc + 1, cname: "camera", sessionID: 1)
        }
        let theirs = local(promisedCertificate, Self.browser, 1)
        let ours = local(cameraCertificate, Self.camera, 1000)
        var offer = OfferAnswer.offer(local: theirs)
        adjust(&offer)
        let negotiated = try OfferAnswer.negotiate(try SessionDescription(offer.description))
        var browserIce = IceAgent(
            role: .controlling, credentials: theirs.credentials, addresses: [Self.browser], random: SeededGenerator(state: seed &+ 1), now: at(0))
        browserIce.setRemote(ours.credentials, now: at(0))
        browserIce.add(IceCandidate(foundation: "1", priority: 2_130_706_431, address: Self.camera, kind: .host))
        viewer = TestViewer(ice: browserIce, dtls: FakeDTLS(certificate: 0xbb), local: ours, video: negotiated.video)
        let ice = IceAgent(
            role: .controlled, credentials: ours.credentials, addresses: [Self.camera], random: SeededGenerator(state: seed &+ 2), now: at(0))
        session = WebRTCSession(
            negotiated: negotiated, local: ours, ice: ice, dtls: FakeDTLS(certificate: cameraCertificate), makeSRTP: { FakeSRTP($1) },
            settings: settings, wallTime: .init(moment: at(0), unixTime: .seconds(1_700_000_000)), random: &generator, now: at(0))
        self.generator = generator
    }

    mutating func run(seconds: Double, stop: (borrowing SessionLab) -> Bool = { _ in false }) {
        let end = time + seconds
        while time < end, !stop(self) {
            step()
            time += 0.001
        }
    }

    private mutating func step() {
        if time >= nextFrame {
            nextFrame += 1.0 / 30
            for stream in LiveStream.allCases {
                // An encoder runs while somebody looks; the main stream always does.
                guard let unit = sources[stream]?.next(time: time), stream == wanted || (stream == .main && wanted != nil && session.rung == .main) else { continue }
                note(session.send(unit, of: stream, into: &batch, now: at(time)))
            }
        }
        if let deadline = earliest(session.nextDeadline(now: at(time)), session.nextRoutine), at(time) >= deadline { note(session.tick(into: &batch, now: at(time))) }
        viewer.tick(time: time)
        flush()
        guard flights.contains(where: { $0.arrives <= time }) else { return note() }
        let due = flights.filter { $0.arrives <= time }.sorted { ($0.arrives, $0.order) < ($1.arrives, $1.order) }
        flights.removeAll { $0.arrives <= time }
        for flight in due {
            if flight.toViewer {
                viewer.handle(flight.bytes, from: flight.path.local, to: flight.path.remote, time: time)
            } else {
                var bytes = flight.bytes
                note(session.handle(&bytes, from: flight.path.local, to: flight.path.remote, into: &batch, now: at(time)))
            }
        }
        flush()
        note()
    }

    private mutating func note() {
        if rungs.last?.rung != session.rung { rungs.append((session.rung, time)) }
    }

    mutating func close() {
        note(session.close(into: &batch, now: at(time)))
        flush()
    }

    mutating func note(_ new: [WebRTCSession.Event]) {
        for event in new {
            events.append((event, time))
            if case .keyFrameWanted(let stream) = event { sources[stream]?.keyFrameWanted = true }
            if case .streamWanted(let stream) = event { wanted = stream }
        }
    }

    private mutating func flush() {
        if batch.entries.isEmpty, !viewer.hasOutgoing { return }
        for entry in batch.entries {
            order += 1
            let bytes = Array(batch[entry])
            if .random(in: 0..<1, using: &generator) < conditions.loss { continue }
            let queue = max(0, linkFree - time)
            if queue > conditions.queueSeconds { continue }
            linkFree = max(linkFree, time) + Double(bytes.count * 8) / conditions.bitRate
            flights.append((linkFree + delay(), order, bytes, entry.path, true))
        }
        batch.removeAll()
        for (bytes, path) in viewer.takeOutgoing() {
            order += 1
            if .random(in: 0..<1, using: &generator) < conditions.loss { continue }
            flights.append((time + delay(), order, bytes, path, false))
        }
    }

    private mutating func delay() -> Double { conditions.delay + .random(in: 0...max(conditions.jitter, 1e-9), using: &generator) }

    func time(of event: WebRTCSession.Event) -> Double? { events.first { $0.event == event }?.time }

    var closing: WebRTCSession.Closing? {
        for (event, _) in events { if case .closed(let closing) = event { return closing } }
        return nil
    }

    /// The longest time without a picture that could be shown, in a stretch.
    func longestFreeze(from: Double, to: Double) -> Double {
        let times = [from] + viewer.pictures.filter { $0.isIntact && $0.time >= from && $0.time <= to }.map(\.time) + [to]
        return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? to - from
    }
}
