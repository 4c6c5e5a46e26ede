import Foundation
import Logging
import Synchronization

/// The thread of all viewers of a node: waits for datagrams, pictures and deadlines, lets the sessions decide, and sends what they say, many
/// datagrams with each system call. Nothing on it waits for anything else.
final class WebRTCLoop: @unchecked Sendable {
    // Invariant behind @unchecked: every stored `var` below is touched by the loop's own thread alone; other threads only `post`.

    /// Batches of datagrams taken before pictures and deadlines have their turn again.
    private static let receiveRounds = 8

    let settings: WebRTCServerSettings
    let logger: Logger
    let context: DTLSContext
    let port: UInt16
    let wallTime: @Sendable () -> SenderReportClock.WallTime
    private let wake: WakeUp
    /// Nil once nothing is done any more.
    private let inbox = Mutex<[@Sendable (WebRTCLoop) -> Void]?>([])
    private var socket: DatagramPort
    private(set) var isOver = false
    var batch = DatagramBatch()
    var router = DatagramRouter<ViewerID>()
    var viewers: [ViewerID: Viewer] = [:]
    var feeds: [ViewerFeed.Key: ViewerFeed] = [:]
    var random = SystemRandomNumberGenerator()
    private var sends: [DatagramPort.Batch] = []
    /// No viewer has anything to do before; what is due later may have been put off since.
    private var soonest: ContinuousClock.Instant?
    /// Nor any routine work, which waits for the next picture, so that the thread need not wake for it alone; but not for long.
    private var soonestRoutine: ContinuousClock.Instant?
    private static let routinePatience = Duration.milliseconds(50)
    private var due: [ViewerID] = []
    private var nextLossNote = ContinuousClock.now
    /// Datagrams are left to gather until then, after such that were reports alone: many viewers' reports are read at once. Pictures and deadlines
    /// do not wait. Of few viewers, who send some 20 each second, too few would gather to be worth a second waking.
    private var reportsUntil = ContinuousClock.now
    private static let gathering = Duration.milliseconds(4)
    private static let few = 12
    /// Until then STUN servers are waited for less long, since one did not answer.
    var impatientUntil: ContinuousClock.Instant?
    /// All sessions look at their estimates at the same moments, so that many wake the thread once.
    let began = ContinuousClock.now

    /// One session and what the loop knows of it. A reference: a session is large, and every datagram and picture would copy it.
    final class Viewer {
        var session: WebRTCSession
        let source: String
        let live: any LiveSource
        let began = ContinuousClock.now
        /// Of the ICE generation before the present one.
        var formerRemote: IceCredentials?
        /// What it is fed.
        var streams: Set<LiveStream> = []
        /// Of the session.
        var deadline: ContinuousClock.Instant?
        var routine: ContinuousClock.Instant?
        /// Waits for our addresses.
        var description: PendingDescription?
        var cipher: String?

        init(session: consuming WebRTCSession, source: String, live: any LiveSource, description: PendingDescription) {
            self.session = session
            self.source = source
            self.live = live
            self.description = description
        }

        /// When there is something to do for it.
        var next: ContinuousClock.Instant? { earliest(deadline, description?.until) }
    }

    struct PendingDescription {
        let reply: @Sendable (Result<String, WebRTCError>) -> Void
        let until: ContinuousClock.Instant
        let text: (IceAgent) -> String
    }

    init(
        settings: WebRTCServerSettings, logger: Logger, wallTime: @escaping @Sendable () -> SenderReportClock.WallTime
    ) throws(MediaError) {
        self.settings = settings
        self.logger = logger
        self.wallTime = wallTime
        context = try DTLSContext(certificate: DTLSCertificate())
        wake = try WakeUp()
        socket = try DatagramPort(port: settings.port)
        port = socket.port
    }

    // MARK: From other threads

    /// Has something done on the loop's thread. What may wait is bounded by who posts: one for each feed, and one for each request that waits
    /// for its answer.
    ///
    /// - Returns: whether it will be done; false once the loop has ended.
    @discardableResult
    func post(_ work: @escaping @Sendable (WebRTCLoop) -> Void) -> Bool {
        let count = inbox.withLock { inbox -> Int? in
            inbox?.append(work)
            return inbox?.count
        }
        if count == 1 { wake.signal() }
        return count != nil
    }

    // MARK: The thread

    /// Runs until ``stop()``.
    func run() {
        while !isOver {
            let now = ContinuousClock.now
            let isHeeding = now >= reportsUntil
            let due = earliest(soonest, soonestRoutine.map { $0 + Self.routinePatience })
            let next = isHeeding ? due : earliest(due, reportsUntil)
            if socket.wait(for: wake, atMost: next.map { max(.zero, $0 - now) } ?? .seconds(60), heedingDatagrams: isHeeding) { receive(now: .now) }
            for one in takeInbox(leaving: []) { one(self) }
            tick(now: .now)
            flush()
        }
        // Whoever asked before the end gets an answer, too.
        for one in takeInbox(leaving: nil) { one(self) }
        for feed in feeds.values { feed.subscription.cancel() }
        feeds = [:]
    }

    private func takeInbox(leaving rest: [@Sendable (WebRTCLoop) -> Void]?) -> [@Sendable (WebRTCLoop) -> Void] {
        inbox.withLock { inbox in
            defer { inbox = rest }
            return inbox ?? []
        }
    }

    /// Says goodbye to everybody and ends the thread. On the loop's thread.
    func stop() {
        for id in Array(viewers.keys) { end(id) }
        isOver = true
    }

    private func receive(now: ContinuousClock.Instant) {
        var came: [(datagram: [UInt8], path: IcePath)] = []
        var isOnlyReports = true
        for _ in 0..<Self.receiveRounds {
            let mayBeMore = socket.receive { came.append(($0, $1)) }
            for (datagram, path) in came {
                if DatagramKind(datagram[...]) != .rtcp { isOnlyReports = false }
                take(datagram, path, now: now)
            }
            came.removeAll(keepingCapacity: true)
            if !mayBeMore { break }
        }
        if isOnlyReports, viewers.count > Self.few { reportsUntil = now + Self.gathering }
    }

    /// What is for none of our sessions is dropped without a word.
    private func take(_ datagram: [UInt8], _ path: IcePath, now: ContinuousClock.Instant) {
        guard let id = router.session(for: datagram[...], path: path) else { return }
        var datagram = datagram
        change(id, now: now) { viewer, batch in
            viewer.session.handle(&datagram, from: path.remote, to: path.local, into: &batch, now: now)
        }
        // Only what a session has found authentic may be remembered.
        if let viewer = viewers[id], viewer.session.accepts(path) { router.learn(path, for: id, isProven: viewer.session.hasProof(of: path)) }
    }

    private func tick(now: ContinuousClock.Instant) {
        guard let first = earliest(soonest, soonestRoutine), first <= now else { return }
        due.removeAll(keepingCapacity: true)
        for (id, viewer) in viewers where earliest(viewer.next, viewer.routine).map({ $0 <= now }) ?? false { due.append(id) }
        // Some go meanwhile.
        for id in due {
            if let pending = viewers[id]?.description, now >= pending.until {
                if !isImpatient(now) { impatientUntil = now + .seconds(60) }
                describe(id)
            }
            if let viewer = viewers[id], let deadline = earliest(viewer.deadline, viewer.routine), now >= deadline {
                change(id, now: now) { viewer, batch in viewer.session.tick(into: &batch, now: now) }
            }
        }
        soonest = nil
        soonestRoutine = nil
        for viewer in viewers.values {
            soonest = earliest(soonest, viewer.next)
            soonestRoutine = earliest(soonestRoutine, viewer.routine)
        }
    }

    func isImpatient(_ now: ContinuousClock.Instant) -> Bool { impatientUntil.map { now < $0 } ?? false }

    /// Lets a session do something, and follows what comes of it.
    func change(_ id: ViewerID, now: ContinuousClock.Instant, _ work: (Viewer, inout DatagramBatch) -> [WebRTCSession.Event]) {
        guard let viewer = viewers[id] else { return }
        let before = batch.entries.count
        let events = work(viewer, &batch)
        // Answers to its questions name no session.
        for entry in batch.entries[before...] where batch.isSTUN(entry) { router.sends(batch[entry], from: id) }
        viewer.deadline = viewer.session.nextDeadline(now: now)
        viewer.routine = viewer.session.nextRoutine
        soonest = earliest(soonest, viewer.next)
        soonestRoutine = earliest(soonestRoutine, viewer.routine)
        for event in events { follow(event, of: id, now: now) }
        // A burst for many viewers goes out in pieces, so that the buffer stays small.
        if batch.bytes.count > 1 << 20 { flush() }
    }

    /// Sends everything that the sessions have said. Equally long datagrams on one way go together.
    private func flush() {
        guard !batch.entries.isEmpty else { return }
        sends.removeAll(keepingCapacity: true)
        for entry in batch.entries {
            if var last = sends.last, last.path == entry.path, last.bytes.upperBound == entry.range.lowerBound,
                last.bytes.count % last.segment == 0, entry.range.count <= last.segment
            {
                last.bytes = last.bytes.lowerBound..<entry.range.upperBound
                sends[sends.count - 1] = last
            } else {
                sends.append(.init(path: entry.path, bytes: entry.range, segment: entry.range.count))
            }
        }
        let lost = socket.lost
        batch.bytes.withUnsafeBytes { socket.send($0, sends) }
        batch.removeAll()
        let now = ContinuousClock.now
        guard socket.lost > lost, now >= nextLossNote else { return }
        nextLossNote = now + .seconds(10)
        logger.debug("the kernel does not take all that viewers are sent: its buffer is full, or a way is gone", metadata: ["lost": "\(socket.lost)"])
    }
}
