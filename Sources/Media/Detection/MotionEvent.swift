/// That something moves, goes on moving, or stopped.
public struct MotionEvent: Sendable, Hashable {
    public enum Phase: String, Sendable, Hashable {
        case began
        /// Every second while it lasts.
        case continues
        case ended
    }

    public var phase: Phase
    /// Capture time of the picture in which it was seen, on the boot clock.
    public var at: ContinuousClock.Instant
    /// Share of the picture that differs from the empty scene, 0…1.
    public var level: Double
    /// Where it is.
    public var region: MotionRegion

    public init(phase: Phase, at: ContinuousClock.Instant, level: Double, region: MotionRegion) {
        self.phase = phase
        self.at = at
        self.level = level
        self.region = region
    }
}

/// A rectangle as shares of the picture: 0…1 from left and top.
public struct MotionRegion: Sendable, Hashable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}
