public import Logging

/// Writes clips of one camera: an actor that carries out `RecordingPlan`. One clip is open at a time; requests meanwhile extend it.
///
/// Nothing here waits for the sink. Pictures come from the pre-roll ring by number, so the recorder may fall behind by the length of the
/// ring before it loses any; losses are counted in the clip's summary.
public actor Recorder {
    /// What the recorder needs of a camera; tests give their own.
    struct Input: Sendable {
        var bus: AccessUnitBus
        var preRoll: PreRollRing
        var format: @Sendable () -> CameraStatus
        /// The last decoded picture as a poster, nil if there is none.
        var still: @Sendable () async -> JPEGPicture?
        var now: @Sendable () -> ContinuousClock.Instant
        /// How long pictures may gather before they are looked at: a recorder that wakes for each costs twice as much.
        var gathering: Duration = .zero
    }

    /// A third of a fragment.
    static let usualGathering = Duration.milliseconds(150)

    private struct Clip {
        var header: ClipHeader
        var writer: any ClipWriter
        var muxer: FragmentedMP4Muxer
        var nextIndex = 1
        var end: ContinuousClock.Instant
        var lostPictures = 0
        var id: Int
        /// Events that the writer knows it shows.
        var shown: Set<String>
        /// When the poster's picture is taken; nil once it is being made.
        var posterAt: ContinuousClock.Instant?
    }

    private struct PosterJob: Sendable {
        var id: Int
        var wanted: ContinuousClock.Instant
        var units: [AccessUnit]
    }

    private let input: Input
    private let sink: any ClipSink
    private let logger: Logger
    private let posterDelay: Duration
    private var plan: RecordingPlan
    private var clip: Clip?
    private var clipCount = 0
    /// Number of the last access unit taken.
    private(set) var lastSequence: UInt64 = 0
    private let broadcast = Broadcast<OpenClip?>(buffer: 1)
    /// Posters being made, by clip; a clip that ended meanwhile waits here to be closed.
    private var posters: [Int: (writer: any ClipWriter, closing: ClipSummary?)] = [:]
    private let posterJobs: AsyncStream<PosterJob>
    private let posterQueue: AsyncStream<PosterJob>.Continuation
    /// Whether `run` follows the bus.
    private(set) var isRunning = false

    public init(camera: Camera, settings: RecordingSettings, sink: any ClipSink, logger: Logger) {
        self.init(
            input: Input(
                bus: camera.bus, preRoll: camera.preRoll, format: { camera.status },
                still: { try? await camera.snapshot(width: PosterDecoder.maximumWidth) }, now: { .now }, gathering: Self.usualGathering),
            settings: settings, sink: sink, logger: logger)
    }

    init(input: Input, settings: RecordingSettings, sink: any ClipSink, logger: Logger) {
        self.input = input
        self.sink = sink
        self.logger = logger
        posterDelay = settings.posterDelay
        plan = RecordingPlan(settings: settings)
        // Each open clip makes one job; more than a few can only wait while clips come and go at once.
        (posterJobs, posterQueue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8))
    }

    /// Follows the camera until cancelled; then closes the open clip.
    public func run() async {
        let subscription = input.bus.subscribe(name: "recorder", capacity: 512, gathering: input.gathering)
        isRunning = true
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.makePosters() }
            while let delivery = await subscription.next() {
                follow([delivery] + subscription.takeAll())
            }
            // What gathered is in the ring.
            catchUp()
            subscription.cancel()
            isRunning = false
            perform(plan.stop())
            finishPosters()
            group.cancelAll()
        }
    }

    /// Records what `request` asks for: extends the open clip, or opens one that begins at the last key frame at or before `request.from`
    /// that the pre-roll still holds. Asking twice is the same as asking once.
    public func record(_ request: RecordingRequest) {
        guard plan.request(request) else {
            show([request.event])
            notify()
            return
        }
        take(input.preRoll.units(from: request.from))
    }

    /// The clip being written, nil if none.
    public var openClip: OpenClip? {
        guard let clip, let until = plan.openUntil else { return nil }
        return OpenClip(header: clip.header, until: until)
    }

    /// The open clip whenever it begins, is extended or ends; newest only, the present one first.
    public func changes() -> AsyncStream<OpenClip?> {
        broadcast.stream(first: .some(openClip))
    }

    // MARK: Units

    private func follow(_ deliveries: [AccessUnitSubscription.Element]) {
        var came: [AccessUnit] = []
        for delivery in deliveries {
            switch delivery {
            case .unit(let unit): came.append(unit)
            // The bytes come from the ring: a lost notice only means that we look there a little later.
            case .lost: break
            case .interrupted(let reason):
                // The ring forgets with the source.
                if plan.wantsUnits { take(came.filter { $0.sequence > lastSequence }) }
                came = []
                perform(plan.interrupted(reason, now: input.now()))
            }
        }
        if !came.isEmpty { catchUp() }
    }

    private func catchUp() {
        guard plan.wantsUnits else { return }
        take(input.preRoll.units(after: lastSequence))
    }

    private func take(_ units: [AccessUnit]) {
        for unit in units where plan.wantsUnits {
            if clip != nil, unit.sequence > lastSequence + 1 {
                clip?.lostPictures += Int(clamping: unit.sequence - lastSequence - 1)
            }
            lastSequence = unit.sequence
            perform(plan.unit(unit))
        }
    }

    // MARK: Actions

    private func perform(_ actions: [RecordingPlan.Action]) {
        for action in actions {
            do {
                switch action {
                case .open(let first, let request, let continues): try open(first, request, continues)
                case .append(let unit): try append(unit)
                case .cut(let next, let start, let beginsWithKeyFrame):
                    guard let bytes = try clip?.muxer.cut(at: next.pts90k - (clip?.header.startPts90k ?? 0)) else { continue }
                    let isKept = emit(bytes, start: start, end: next.captured, containsKeyFrame: beginsWithKeyFrame)
                    if !isKept { plan.sinkLost() }
                case .close(let reason, let start, let beginsWithKeyFrame):
                    try close(reason, start: start, beginsWithKeyFrame: beginsWithKeyFrame)
                }
            } catch {
                fail(error)
            }
        }
    }

    private func open(_ first: AccessUnit, _ request: RecordingRequest, _ continues: Bool) throws {
        let format = input.format()
        let header = ClipHeader(
            event: request.event, kind: request.kind, label: request.label, triggered: request.triggered,
            start: first.captured, startPts90k: first.pts90k, codec: first.codec, width: format.width, height: format.height,
            framesPerSecond: format.framesPerSecond, hasAudio: format.hasAudio, continues: continues)
        var sets = ParameterSets()
        guard first.bytes.withUnsafeBytes({ sets.update(from: $0) }), let parameterSets = sets.annexB else {
            throw MediaError(
                operation: "begin a clip", text: "the key frame has no parameter sets", cure: "Choose another source or encoder.")
        }
        let muxer = try FragmentedMP4Muxer(
            video: .init(
                width: header.width, height: header.height, framesPerSecond: header.framesPerSecond, parameterSets: parameterSets),
            hasAudio: header.hasAudio)
        clipCount += 1
        let writer = sink.open(header)
        // A file that goes on shows its first picture; what was asked for by hand, that moment.
        let posterAt = continues ? first.captured : request.kind == "motion" ? request.triggered + posterDelay : request.triggered
        clip = Clip(header: header, writer: writer, muxer: muxer, end: first.captured, id: clipCount, shown: [header.event], posterAt: isRunning ? posterAt : nil)
        if isRunning { posters[clipCount] = (writer, nil) }
        _ = writer.append(
            Fragment(
                index: 0, bytes: SharedBytes(muxer.initializationSegment), start: header.start, end: header.start,
                containsKeyFrame: false))
        show(plan.events(at: first.captured))
        logger.info("clip opened", metadata: ["event": "\(header.event)", "kind": "\(header.kind)"])
        notify()
    }

    private func show(_ events: [String]) {
        for event in events where clip?.shown.insert(event).inserted == true { clip?.writer.shows(event) }
    }

    private func append(_ unit: AccessUnit) throws {
        guard let clip else { return }
        try clip.muxer.append(unit, pts90k: unit.pts90k - clip.header.startPts90k)
        guard unit.codec.isVideo else { return }
        self.clip?.end = unit.captured + MediaTime.duration(ticks90k: unit.duration90k)
        if let due = clip.posterAt, unit.captured >= due { startPoster(at: due) }
    }

    /// Answers whether the sink keeps the clip.
    @discardableResult
    private func emit(
        _ bytes: [UInt8], start: ContinuousClock.Instant, end: ContinuousClock.Instant, containsKeyFrame: Bool
    ) -> Bool {
        guard let clip, !bytes.isEmpty else { return true }
        let isKept = clip.writer.append(
            Fragment(
                index: clip.nextIndex, bytes: SharedBytes(bytes), start: start, end: end, containsKeyFrame: containsKeyFrame))
        self.clip?.nextIndex += 1
        return isKept
    }

    private func close(_ reason: ClipSummary.Reason, start: ContinuousClock.Instant, beginsWithKeyFrame: Bool) throws {
        guard let clip else { return }
        // Whatever the muxer says, the sink hears of the end.
        defer { end(clip, reason) }
        emit(try clip.muxer.finish(), start: start, end: clip.end, containsKeyFrame: beginsWithKeyFrame)
    }

    private func end(_ clip: Clip, _ reason: ClipSummary.Reason) {
        // Cut off before its poster was due: the newest picture there is.
        if clip.posterAt != nil { startPoster(at: clip.end) }
        self.clip = nil
        let summary = ClipSummary(
            end: clip.end, durationSeconds: (clip.end - clip.header.start).inSeconds, reason: reason,
            lostPictures: clip.lostPictures)
        if posters[clip.id] != nil {
            posters[clip.id]?.closing = summary
        } else {
            clip.writer.close(summary)
        }
        logger.info(
            "clip closed",
            metadata: ["event": "\(clip.header.event)", "seconds": "\((summary.durationSeconds * 10).rounded() / 10)", "reason": "\(reason)"])
        notify()
    }

    /// A clip that cannot be written ends here; the plan goes back to waiting for the next request.
    private func fail(_ error: any Error) {
        logger.error("recording failed", metadata: ["error": "\(error)"])
        _ = plan.stop()
        if let clip { end(clip, .sourceLost("\(error)")) }
    }

    private func notify() {
        broadcast.send(openClip)
    }

    // MARK: Posters

    private func startPoster(at wanted: ContinuousClock.Instant) {
        guard let id = clip?.id else { return }
        clip?.posterAt = nil
        let job = PosterJob(id: id, wanted: wanted, units: input.preRoll.units(from: wanted).filter { $0.codec.isVideo })
        if case .dropped(let dropped) = posterQueue.yield(job) { finishPoster(id: dropped.id, nil) }
    }

    private func makePosters() async {
        for await job in posterJobs {
            // The pre-roll holds the very picture; the last decoded one stands in where it cannot be decoded.
            var picture = await PosterDecoder.poster(of: job.units, at: job.wanted)
            if picture == nil { picture = await input.still() }
            finishPoster(id: job.id, picture)
        }
    }

    private func finishPoster(id: Int, _ picture: JPEGPicture?) {
        guard let entry = posters.removeValue(forKey: id) else { return }
        if let picture { entry.writer.poster(picture) }
        if let summary = entry.closing { entry.writer.close(summary) }
    }

    /// The recorder ends: nobody makes posters any more, so the clips that wait for one are closed without.
    private func finishPosters() {
        for id in posters.keys.sorted() { finishPoster(id: id, nil) }
    }
}
