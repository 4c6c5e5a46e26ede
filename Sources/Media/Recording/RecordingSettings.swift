/// How long clips are. The defaults are the product's.
public struct RecordingSettings: Sendable, Hashable {
    /// How much before the trigger a clip holds. Default 10 s; the camera's pre-roll bounds it.
    public var preRoll: Duration = .seconds(10)
    /// The shortest clip, from its first picture on. Default 10 s.
    public var minimumClip: Duration = .seconds(10)
    /// How long recording goes on after the last motion. Default 5 s.
    public var postMotion: Duration = .seconds(5)
    /// After this a new file begins, at a key frame. Default 10 min.
    public var maximumClip: Duration = .seconds(600)
    /// How often a fragment is handed on: what a loss of power can cost. Default 0.5 s.
    public var fragment: Duration = .milliseconds(500)
    /// The poster shows the picture this long after motion began: whoever comes in is only at the edge before. Default 1.5 s.
    public var posterDelay: Duration = .milliseconds(1500)

    public init() {}
}

/// "Record this": from a trigger here or on another node of the group.
public struct RecordingRequest: Sendable, Hashable {
    /// Names the incident on every node.
    public var event: String
    /// `motion`, `sound`, `manual`, …
    public var kind: String
    public var label: String?
    /// When it happened, on this node's boot clock.
    public var triggered: ContinuousClock.Instant
    /// The earliest picture wanted; usually `triggered` less the pre-roll.
    public var from: ContinuousClock.Instant
    /// Record until then at least.
    public var until: ContinuousClock.Instant

    public init(
        event: String, kind: String, label: String? = nil, triggered: ContinuousClock.Instant,
        from: ContinuousClock.Instant, until: ContinuousClock.Instant
    ) {
        self.event = event
        self.kind = kind
        self.label = label
        self.triggered = triggered
        self.from = from
        self.until = until
    }

    /// A request by the settings: from the pre-roll before `triggered` to `postMotion` after `lastMotion`.
    public init(
        event: String, kind: String, label: String? = nil, triggered: ContinuousClock.Instant,
        lastMotion: ContinuousClock.Instant, settings: RecordingSettings
    ) {
        self.init(
            event: event, kind: kind, label: label, triggered: triggered,
            from: triggered - settings.preRoll, until: lastMotion + settings.postMotion)
    }
}
