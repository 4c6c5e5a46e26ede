/// What a node's storage needs to know.
public struct StoreSettings: Sendable {
    /// Most video bytes held in memory for slow, missing or full targets. Default 256 MiB.
    public var spoolBytes: Int
    /// Most bytes of other cameras' clips kept in memory for them. Default 128 MiB.
    public var replicaBytes = 128 << 20
    /// When a peer keeps a copy. Default: always.
    public var peerCopies = PeerCopies.always
    /// A directory of this machine for what no target and no peer takes, and how many video bytes it may hold; nil: there is none.
    public var disk: (path: String, quotaBytes: Int)?
    /// The camera whose clips these are: its id, and the name its folder gets.
    public var camera: String
    public var cameraName: String
    /// This node: its id, and the run it is in. Clip ids are made of them.
    public var node: String
    public var boot: UInt32
    /// How long after its writing a copy is read back, before memory lets go of it; nil: never. Default 60 s.
    public var settle: Duration? = .seconds(60)
    /// Pause before a failed target is tried again: doubles from `retryFirst` to `retryLast`.
    public var retryFirst: Duration = .milliseconds(500)
    public var retryLast: Duration = .seconds(15)

    public init(spoolBytes: Int = 256 << 20, camera: String, cameraName: String, node: String, boot: UInt32) {
        self.spoolBytes = spoolBytes
        self.camera = camera
        self.cameraName = cameraName
        self.node = node
        self.boot = boot
    }
}

/// How a target is doing.
public struct TargetStatus: Sendable, Equatable {
    /// Of the target in its ``TargetSet``.
    public var number: Int
    public var location: TargetLocation
    /// What is wrong with it, and the cure; `nil` while it works.
    public var problem: String?
    public var cure: String?
    /// What it took and did not hold, the last time in this run; nil where that never happened. It works all the same.
    public var damage: String?
    /// Of a recording that it does not take though it takes others, why, and the cure; nil: there is none.
    public var refusal: TargetError?
    /// What this node and another found out together; nil: no other node was there to try it with.
    public var sharing: TargetSharing?
    /// The id of that other node.
    public var sharedWith: String?
    /// Of the file system behind it; `nil` while unknown.
    public var freeBytes: Int?
    public var totalBytes: Int?

    init(number: Int, location: TargetLocation) {
        self.number = number
        self.location = location
    }

    /// What people call it.
    public var name: String { location.name }
}

/// What changed in a node's footage.
public enum StoreChange: Sendable {
    /// A clip appeared or changed.
    case updated(ClipID)
    /// A clip was lost, or is not this node's to show any more.
    case removed(ClipID)
    /// A target or the local disk came, went, failed or works again; what it holds may be listed now.
    case targets
    /// Something that was recorded is lost, and nobody has it.
    case lost(FootageLoss)
}
