public import struct Foundation.Date

/// What is known about one clip; the body of its `.json` sidecar.
public struct ClipFacts: Codable, Sendable, Equatable {
    /// Where a clip is in its life.
    public enum State: String, Codable, Sendable {
        /// Its camera is still writing it.
        case recording
        /// Closed in order by its camera.
        case closed
        /// Its camera went away while writing; everything up to `end` is there.
        case interrupted
    }

    /// How far `start`, `end` and `triggered` can be trusted.
    public struct Clock: Codable, Sendable, Equatable {
        /// Where the times came from: `ntp`, `peer` or `none`.
        public var quality: String
        /// Half the width of the interval that surely holds the true time; `nil` when nobody knows.
        public var uncertaintySeconds: Double?
        /// What the times are ahead of the node's own clock, which was wrong by that; `nil` when nobody knows.
        public var offsetSeconds: Double?

        public init(quality: String, uncertaintySeconds: Double?, offsetSeconds: Double? = nil) {
            self.quality = quality
            self.uncertaintySeconds = uncertaintySeconds
            self.offsetSeconds = offsetSeconds
        }
    }

    /// A stretch that was recorded and lost before it was stored: seconds from `start` on.
    public struct Gap: Codable, Sendable, Equatable {
        public var from: Double
        public var to: Double
    }

    public var version = 1
    public var id: ClipID
    /// The camera's id, and the name it had.
    public var camera: String
    public var cameraName: String
    /// The incident this clip belongs to: 32 hex digits, the same on every camera that recorded it.
    public var event: String
    /// Further incidents it shows: two cameras that notice at once give one happening two ids. Sorted.
    public var alsoEvents: [String]
    /// Why it was recorded: `motion`, `sound` or `manual`.
    public var kind: String
    public var label: String?
    /// The camera that noticed; `nil` when unknown.
    public var origin: String?
    /// Wall time of the first picture, of the end of the last one, and of the trigger.
    public var start: Date
    public var end: Date
    public var triggered: Date
    public var durationSeconds: Double
    public var bytes: Int
    public var codec: String
    public var width: Int
    public var height: Int
    public var framesPerSecond: Double
    public var hasAudio: Bool
    /// Whether an earlier file of the same recording came before this one.
    public var continues: Bool
    public var clock: Clock
    public var state: State
    /// Why it ended, in words; `nil` while it is being recorded.
    public var reason: String?
    /// Pictures that were lost between camera and file.
    public var lostPictures: Int
    /// Stretches that are missing in the file; nil: none is.
    public var gaps: [Gap]?
    /// Fragments written, the init segment not counted.
    public var fragments: Int
    /// Head of the SHA-256 chain over init segment and fragments, in hex; see ``HashChain``.
    public var head: String?
    /// What the camera itself had signed when it vanished, where a peer that kept the clip closed it: the text of that sidecar.
    public var opening: String?
    /// Peers' countersignatures, the newest of each; nil: no peer had any of it in time.
    public var witnesses: [Witness]?

    /// More are not taken, and not looked at.
    static let witnessLimit = 8
    /// Where there are more, the last one stands for all that follow.
    private static let gapLimit = 100

    mutating func addGap(from: Double, to: Double) {
        var gaps = gaps ?? []
        if let last = gaps.last, last.to >= from || gaps.count >= Self.gapLimit {
            gaps[gaps.count - 1].to = max(last.to, to)
        } else {
            gaps.append(Gap(from: from, to: to))
        }
        self.gaps = gaps
    }

    /// Replaces what that peer had said before. Answers false where this says nothing more.
    mutating func take(_ witness: Witness) -> Bool {
        guard !(witnesses ?? []).contains(where: { $0.node == witness.node && $0.fragments >= witness.fragments }) else { return false }
        witnesses = Array(((witnesses ?? []).filter { $0.node != witness.node } + [witness]).suffix(Self.witnessLimit))
        return true
    }

    public init(
        id: ClipID, camera: String, cameraName: String, event: String, kind: String, label: String?, origin: String?,
        start: Date, triggered: Date, codec: String, width: Int, height: Int, framesPerSecond: Double, hasAudio: Bool,
        continues: Bool, clock: Clock
    ) {
        self.id = id
        self.camera = camera
        self.cameraName = cameraName
        self.event = event
        self.alsoEvents = []
        self.kind = kind
        self.label = label
        self.origin = origin
        self.start = start
        self.end = start
        self.triggered = triggered
        self.durationSeconds = 0
        self.bytes = 0
        self.codec = codec
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.hasAudio = hasAudio
        self.continues = continues
        self.clock = clock
        self.state = .recording
        self.reason = nil
        self.lostPictures = 0
        self.gaps = nil
        self.fragments = 0
        self.head = nil
        self.opening = nil
        self.witnesses = nil
    }

    /// Every incident the clip belongs to.
    public var events: [String] { [event] + alsoEvents }
}

extension ClipFacts {
    /// Bytes of a text, and of a label, which people write; events of a clip.
    private static let (textLimit, labelLimit, eventLimit) = (512, 4096, 4096)

    /// Whether nobody's memory is filled by what somebody signed.
    var isBounded: Bool {
        let texts = [camera, cameraName, event, kind, codec, clock.quality, origin ?? "", reason ?? ""]
        return texts.allSatisfy { $0.utf8.count <= Self.textLimit } && (label?.utf8.count ?? 0) <= Self.labelLimit
            && alsoEvents.count <= Self.eventLimit && alsoEvents.allSatisfy { $0.utf8.count <= Self.textLimit } && gaps?.count ?? 0 <= Self.gapLimit
    }
}
