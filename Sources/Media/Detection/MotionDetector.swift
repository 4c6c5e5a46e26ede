/// What the detector says of one picture.
struct MotionReading: Sendable, Hashable {
    var isActive = false
    /// Share of the picture that differs from the empty scene, 0…1.
    var level = 0.0
    /// Set when motion begins, every second while it lasts, and when it ends.
    var event: MotionEvent?
}

/// Placeholder.
struct MotionDetector: Sendable {
    init(settings: MotionSettings) {}
    mutating func look(at plane: LumaPlane, captured: ContinuousClock.Instant) -> MotionReading { MotionReading() }
}
