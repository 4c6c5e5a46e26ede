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
    private var backlog = SendBacklog()
    /// No viewer has anything to do before; what is due later may have been put off since.
    private var soonest: MonotonicTime?
    /// Nor any routine work, which waits for the next picture, so that the thread need not wake for it alone; but not for long.
    private var soonestRoutine: MonotonicTime?
    private static let routinePatience = Duration.milliseconds(50)
    private var due: [ViewerID] = []
    private var nextLossNote = MonotonicTime.now
    var gathering = ReportGathering(now: .now)
    /// Until then STUN servers are waited for less long, since one did not answer.
    var impatientUntil: MonotonicTime?
    /// All sessions look at their estimates at the same moments, so that many wake the thread once.
    let began = MonotonicTime.now

    /// One session and what the loop knows of it. A reference: a session is large, and every datagram and picture would copy it.
    final class Viewer {
        var session: WebRTCSession
        let source: String
        let live: any LiveSource
        let began = MonotonicTime.now
        /// Of the ICE generation before the present one.
        var formerRemote: IceCredentials?
        /// What it is fed.
        var streams: Set<LiveStream> = []
        /// Of the session.
        var deadline: MonotonicTime?
        var routine: MonotonicTime?
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
        var next: MonotonicTime? { earliest(deadline, description?.until) }
    }

    struct PendingDescription {
        let reply: @Sendable (Result<String, WebRTCError>) -> Void
        let until: MonotonicTime
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
            let now = MonotonicTime.now
            let gathered = gathering.end(now: now)
            let next = earliest(earliest(soonest, soonestRoutine.map { $0 + Self.routinePatience }), gathered)
            let hasCome = socket.wait(
                for: wake, atMost: next.map { max(.zero, $0 - now) } ?? .seconds(60), heedingDatagrams: gathered == nil, wantsRoom: !backlog.isEmpty)
            let work = takeInbox(leaving: [])
            for one in work { one(self) }
            // Pictures do not wait until everybody's reports are read.
            flush()
            // Whatever it was that woke us, what has gathered is read with it.
            if hasCome || gathered != nil { receive(hasWaited: gathered != nil, beside: !work.isEmpty, now: .now) }
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

    /// - Parameters:
    ///   - hasWaited: it may have come a while ago.
    ///   - isBeside: pictures woke the thread, or other work.
    private func receive(hasWaited: Bool, beside isBeside: Bool, now: MonotonicTime) {
        var came: [(datagram: [UInt8], path: IcePath)] = []
        var isOnlyReports = true
        var (count, total) = (0, 0)
        for _ in 0..<Self.receiveRounds {
            count = socket.receive { came.append(($0, $1)) }
            total += count
            if came.count < count { isOnlyReports = false }
            for (datagram, path) in came where !take(datagram, path, hasWaited: hasWaited, now: now) { isOnlyReports = false }
            came.removeAll(keepingCapacity: true)
            if count < DatagramPort.batch { break }
        }
        gathering.looked(isOnlyReports: isOnlyReports && (total > 0 || isBeside) && count < DatagramPort.batch, viewers: viewers.count, now: now)
    }

    /// What is for none of our sessions is dropped without a word.
    ///
    /// - Returns: whether it was a viewer's report.
    private func take(_ datagram: [UInt8], _ path: IcePath, hasWaited: Bool, now: MonotonicTime) -> Bool {
        guard let id = router.session(for: datagram[...], path: path) else { return false }
        var datagram = datagram
        var isReport = DatagramKind(datagram[...]) == .rtcp
        change(id, now: now) { viewer, batch in
            let before = viewer.session.counters
            defer {
                let after = viewer.session.counters
                if after.refusedDatagrams > before.refusedDatagrams { isReport = false }
                if viewer.session.state != .connected || after.requests > before.requests { gathering.disturb(now: now) }
            }
            return viewer.session.handle(&datagram, from: path.remote, to: path.local, hasWaited: hasWaited, into: &batch, now: now)
        }
        // Only what a session has found authentic may be remembered.
        if let viewer = viewers[id], viewer.session.accepts(path) { router.learn(path, for: id, isProven: viewer.session.hasProof(of: path)) }
        return isReport
    }

    private func tick(now: MonotonicTime) {
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

    func isImpatient(_ now: MonotonicTime) -> Bool { impatientUntil.map { now < $0 } ?? false }

    /// Lets a session do something, and follows what comes of it.
    func change(_ id: ViewerID, now: MonotonicTime, _ work: (Viewer, inout DatagramBatch) -> [WebRTCSession.Event]) {
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
        guard !batch.entries.isEmpty || !backlog.isEmpty else { return }
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
        let lost = socket.lost + backlog.lost
        let now = MonotonicTime.now
        if backlog.isEmpty {
            backlog.append(batch.bytes.withUnsafeBytes { socket.send($0, sends) }, of: batch.bytes, now: now)
        } else {
            backlog.append(sends, of: batch.bytes, now: now)
            backlog.drain(now: now) { socket.send($0, $1) }
        }
        batch.removeAll()
        guard socket.lost + backlog.lost > lost, now >= nextLossNote else { return }
        nextLossNote = now + .seconds(10)
        logger.debug(
            "not all that viewers are sent gets out: the network is too slow for all of them, or a way is gone", metadata: ["lost": "\(socket.lost + backlog.lost)"])
    }
}
