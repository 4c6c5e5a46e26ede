/// Who triggers whom within a group, and how often.
public struct GroupPolicy: Sendable, Hashable {
    /// Longest ``coolDown``: a day.
    public static let longestCoolDown = Duration.seconds(24 * 3600)

    /// Cameras whose motion the others hear of. Empty: all. Default: all.
    public var triggers: Set<String>
    /// Cameras that record when another one notices something. Empty: all. Default: all. A camera always records what it notices
    /// itself, so a list that leaves it out loses nothing that it saw.
    public var recorders: Set<String>
    /// After an incident's end, nothing starts another one for so long; whole seconds. Default 0. A person who asks is never refused.
    public var coolDown: Duration

    public init(triggers: Set<String> = [], recorders: Set<String> = [], coolDown: Duration = .zero) {
        self.triggers = triggers
        self.recorders = recorders
        self.coolDown = coolDown
    }

    /// Whether the group hears of what that camera notices.
    public func triggers(from camera: String) -> Bool { triggers.isEmpty || triggers.contains(camera) }

    /// Whether that camera records what others notice.
    public func records(at camera: String) -> Bool { recorders.isEmpty || recorders.contains(camera) }
}

/// Cameras that record together.
public struct CameraGroup: Sendable, Hashable, Identifiable {
    /// Longest name, in bytes.
    public static let nameLimit = TriggerDraft.nameLimit
    /// Most groups of a mesh.
    public static let countLimit = 64
    /// In place of a camera: every one, also those that are not there yet.
    public static let everyCamera = "*"
    /// The group in which every camera starts.
    public static let home = "home"
    /// What there is while nothing is configured.
    public static let standard = [CameraGroup(name: home, cameras: [everyCamera])]

    /// Unique in the mesh.
    public var name: String
    /// Ids, or ``everyCamera``.
    public var cameras: Set<String>
    public var policy: GroupPolicy

    public var id: String { name }

    public init(name: String, cameras: Set<String>, policy: GroupPolicy = GroupPolicy()) {
        self.name = name
        self.cameras = cameras
        self.policy = policy
    }

    public func contains(_ camera: String) -> Bool { cameras.contains(camera) || cameras.contains(Self.everyCamera) }

    /// Whether what `camera` notices is told to this group.
    public func hears(_ camera: String) -> Bool { contains(camera) && policy.triggers(from: camera) }

    /// Whether `camera` records what `origin` noticed.
    public func records(at camera: String, from origin: String) -> Bool {
        hears(origin) && contains(camera) && policy.records(at: camera)
    }
}
