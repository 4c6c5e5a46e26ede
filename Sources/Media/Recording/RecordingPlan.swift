/// Decides what a recorder does: when clips open, where fragments are cut, when clips close. Does no I/O and reads no clock.
///
/// Feed it requests and, while `wantsUnits`, every access unit in order; carry out what it answers in order.
struct RecordingPlan: Sendable {
    enum Action: Sendable {
        /// A clip begins with this picture, a key frame.
        case open(first: AccessUnit, request: RecordingRequest, continues: Bool)
        case append(AccessUnit)
        /// The fragment ends before the picture at `next`; it holds pictures from `start` on, the first being a key frame or not.
        case cut(next: AccessUnit, start: ContinuousClock.Instant, beginsWithKeyFrame: Bool)
        /// The clip ends: what is pending becomes the last fragment.
        case close(ClipSummary.Reason, start: ContinuousClock.Instant, beginsWithKeyFrame: Bool)
    }

    private struct Open {
        var request: RecordingRequest
        /// Capture time of the clip's first picture.
        var start: ContinuousClock.Instant
        var fragmentStart: ContinuousClock.Instant
        var fragmentBeginsWithKeyFrame: Bool
        /// The sink cannot keep the clip: the next key frame begins another.
        var isLost = false
        /// Pictures in the fragment so far.
        var fragmentPictures = 0
    }

    private enum State {
        case idle
        /// A clip is wanted; it opens at the next key frame.
        case waiting(RecordingRequest)
        case open(Open)
    }

    /// Events that can be asked for at once; of more, the oldest are forgotten.
    private static let eventLimit = 32

    private let settings: RecordingSettings
    private var state = State.idle
    /// What was asked for last, and until when; oldest first.
    private var events: [(event: String, until: ContinuousClock.Instant)] = []

    init(settings: RecordingSettings) {
        self.settings = settings
    }

    /// Whether access units must be fed.
    var wantsUnits: Bool {
        if case .idle = state { false } else { true }
    }

    /// When the open clip ends unless extended; nil while none is open.
    var openUntil: ContinuousClock.Instant? {
        guard case .open(let open) = state else { return nil }
        return max(open.request.until, open.start + settings.minimumClip)
    }

    /// All events that a clip shows which holds that moment, oldest first: one that begins while another's clip is open, or is awaited, has
    /// no clip of its own.
    func events(at moment: ContinuousClock.Instant) -> [String] { events.filter { $0.until > moment }.map(\.event) }

    /// Takes a request. Answers whether a new clip is wanted: then feed the pre-roll's units from `request.from` on, then all that follow.
    /// Asking again with the same or an earlier end changes nothing.
    mutating func request(_ request: RecordingRequest) -> Bool {
        note(request)
        switch state {
        case .idle:
            state = .waiting(request)
            return true
        case .waiting(var waiting):
            waiting.until = max(waiting.until, request.until)
            state = .waiting(waiting)
            return false
        case .open(var open):
            open.request.until = max(open.request.until, request.until)
            state = .open(open)
            return false
        }
    }

    private mutating func note(_ request: RecordingRequest) {
        if let place = events.firstIndex(where: { $0.event == request.event }) {
            events[place].until = max(events[place].until, request.until)
        } else {
            events = events.suffix(Self.eventLimit - 1) + [(request.event, request.until)]
        }
    }

    /// Takes the next access unit.
    mutating func unit(_ unit: AccessUnit) -> [Action] {
        switch state {
        case .idle: return []
        case .waiting(let request):
            guard unit.isVideoKeyFrame else { return [] }
            return begin(with: unit, request: request, continues: false)
        case .open(var open):
            guard unit.codec.isVideo else { return [.append(unit)] }
            let clipLength = unit.captured - open.start
            if unit.captured >= open.request.until, clipLength >= settings.minimumClip {
                state = .idle
                // Their clip has ended; a later one whose pre-roll reaches back into it is none of theirs.
                events = []
                return [close(open, .motionEnded)]
            }
            if unit.isKeyFrame, open.isLost || clipLength >= settings.maximumClip {
                return [close(open, open.isLost ? .sinkLost : .maximumLength)] + begin(with: unit, request: open.request, continues: true)
            }
            var actions: [Action] = []
            // Half a picture of tolerance: a source's jitter must not make every other fragment one picture longer.
            let length = unit.captured - open.fragmentStart + MediaTime.duration(ticks90k: unit.duration90k / 2)
            if unit.isKeyFrame || length >= settings.fragment, open.fragmentPictures > 0 {
                actions.append(
                    .cut(next: unit, start: open.fragmentStart, beginsWithKeyFrame: open.fragmentBeginsWithKeyFrame))
                open.fragmentStart = unit.captured
                open.fragmentBeginsWithKeyFrame = unit.isKeyFrame
                open.fragmentPictures = 0
            }
            open.fragmentPictures += 1
            state = .open(open)
            return actions + [.append(unit)]
        }
    }

    /// The source broke off at `now`. A clip that was to go on reopens if pictures come back in time.
    mutating func interrupted(_ reason: String, now: ContinuousClock.Instant) -> [Action] {
        switch state {
        case .idle: return []
        case .waiting(let request):
            if request.until <= now { state = .idle }
            return []
        case .open(let open):
            if open.request.until > now {
                var rest = open.request
                rest.from = now
                state = .waiting(rest)
            } else {
                state = .idle
            }
            return [close(open, .sourceLost(reason))]
        }
    }

    /// The open clip has no future; what follows its next key frame belongs to another one.
    mutating func sinkLost() {
        guard case .open(var open) = state else { return }
        open.isLost = true
        state = .open(open)
    }

    /// The recorder ends.
    mutating func stop() -> [Action] {
        defer { state = .idle }
        guard case .open(let open) = state else { return [] }
        return [close(open, .stopped)]
    }

    private mutating func begin(with unit: AccessUnit, request: RecordingRequest, continues: Bool) -> [Action] {
        state = .open(
            Open(
                request: request, start: unit.captured, fragmentStart: unit.captured, fragmentBeginsWithKeyFrame: true,
                fragmentPictures: 1))
        return [.open(first: unit, request: request, continues: continues), .append(unit)]
    }

    private func close(_ open: Open, _ reason: ClipSummary.Reason) -> Action {
        .close(reason, start: open.fragmentStart, beginsWithKeyFrame: open.fragmentBeginsWithKeyFrame)
    }
}
