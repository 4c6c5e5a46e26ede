import Foundation

/// Something that somebody did or tried, as `GET /audit` lists it. It holds no secret, and no name that nobody has: people type
/// passwords into the wrong field.
struct AuditEntry: Codable, Hashable, Sendable, Identifiable {
    /// What was done. Open: a newer node may send a word this one does not know.
    struct Act: RawRepresentable, Codable, Hashable, Sendable {
        let rawValue: String

        static let signedIn = Act(rawValue: "signed-in")
        static let signedOut = Act(rawValue: "signed-out")
        static let unlocked = Act(rawValue: "unlocked")
        static let userAdded = Act(rawValue: "user-added")
        static let userChanged = Act(rawValue: "user-changed")
        static let userRemoved = Act(rawValue: "user-removed")
        static let passwordChanged = Act(rawValue: "password-changed")
        static let tokenMade = Act(rawValue: "token-made")
        static let tokenRemoved = Act(rawValue: "token-removed")
        static let cameraAdded = Act(rawValue: "camera-added")
        static let cameraJoined = Act(rawValue: "camera-joined")
        static let ticketMade = Act(rawValue: "ticket-made")
        static let ticketRevoked = Act(rawValue: "ticket-revoked")
        static let nodeRevoked = Act(rawValue: "node-revoked")
        static let groupsChanged = Act(rawValue: "groups-changed")
        static let storageChanged = Act(rawValue: "storage-changed")
        static let iceServersChanged = Act(rawValue: "ice-servers-changed")
        static let exported = Act(rawValue: "exported")
        static let triggered = Act(rawValue: "triggered")
        static let meshFounded = Act(rawValue: "mesh-founded")
        static let meshRecovered = Act(rawValue: "mesh-recovered")
        // What did not open.
        static let signInRefused = Act(rawValue: "sign-in-refused")
        static let unlockRefused = Act(rawValue: "unlock-refused")
        static let passwordRefused = Act(rawValue: "password-refused")
        static let tokenRefused = Act(rawValue: "token-refused")
        static let cameraRefused = Act(rawValue: "camera-refused")
        static let joinRefused = Act(rawValue: "join-refused")
        static let foundingRefused = Act(rawValue: "founding-refused")
        static let recoveryRefused = Act(rawValue: "recovery-refused")

        /// Whether it was only a try: anybody can make those, without a sign-in.
        var isRefusal: Bool { rawValue.hasSuffix("-refused") }
    }

    /// Who it was, where no user of that name is known.
    static let unknown = "somebody"

    /// Unique in the mesh; of one node, later ones sort behind.
    var id: String
    var at: Date
    var act: Act
    /// User name, `token NAME`, `ticket NAME`, `local` for a program on the node's own machine, or ``unknown``.
    var who: String
    /// Address that it came from.
    var from: String
    /// Whom or what it was done to: a user, a token, a camera, a node. Absent where the act says it all.
    var subject: String?
    /// What about it. Absent where there is no more to say.
    var detail: String?
    /// NodeID of the node where it was done, lower-case hexadecimal.
    var node: String
    /// That node's name.
    var nodeName: String
}

/// Answer of `GET /audit`, newest first.
struct AuditPage: Codable, Hashable, Sendable {
    var entries: [AuditEntry]
    /// Pass it as `cursor=` for the next page; `null` on the last.
    var cursor: String?
    /// Nodes whose entries are not in this list.
    var missing: [MissingNode]

    /// Writes `cursor` even when it is `null`, as ``ClipPage`` does.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(entries, forKey: .entries)
        try container.encode(cursor, forKey: .cursor)
        try container.encode(missing, forKey: .missing)
    }
}

/// A place in the list: behind the entry of that time and id.
struct AuditCursor: Sendable, Equatable {
    let milliseconds: Int64
    let id: String

    init(_ entry: AuditEntry) {
        milliseconds = Int64((entry.at.timeIntervalSince1970 * 1000).rounded())
        id = entry.id
    }

    init?(_ text: String) {
        let parts = text.split(separator: "_", maxSplits: 1)
        guard text.utf8.count <= 128, parts.count == 2, let milliseconds = Int64(parts[0]) else { return nil }
        self.milliseconds = milliseconds
        id = String(parts[1])
    }

    /// `<milliseconds since 1970>_<entry id>`.
    var text: String { "\(milliseconds)_\(id)" }

    /// Newest first.
    static func isBefore(_ one: AuditCursor, _ other: AuditCursor) -> Bool {
        one.milliseconds != other.milliseconds ? one.milliseconds > other.milliseconds : one.id > other.id
    }
}
