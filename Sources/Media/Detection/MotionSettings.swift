/// What counts as motion. The defaults are for a fixed camera that looks at people and cars.
public struct MotionSettings: Sendable, Hashable {
    /// Whether motion is looked for at all. Default true.
    public var isEnabled = true
    /// How easily something counts: 0 hardly anything … 1 nearly everything. Default 0.5.
    public var sensitivity = 0.5

    public init() {}
}
