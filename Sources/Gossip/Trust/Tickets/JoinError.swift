/// Why a member does not take a newcomer in; part of its answer, so the numbers never change.
public enum JoinRefusal: UInt32, Sendable, CaseIterable {
    case notUnderstood = 1
    /// The offer was too old, or was used.
    case stale = 2
    case unknownTicket = 3
    case revoked = 4
    case usedUp = 5
    /// The newcomer was revoked, or shows a key of somebody else's.
    case notAdmitted = 6
    case busy = 7
    /// Who answers belongs to no mesh.
    case noMember = 8
}

/// Why a node did not join with its ticket.
public enum JoinError: Error, Sendable, Hashable {
    /// The bundle is no bundle, or not whole.
    case damaged
    /// A version of MeshCam that this one does not know made it.
    case version
    /// No member was found.
    case nobody
    /// Members were found, and none answered.
    case silent
    /// What came back is no answer.
    case malformed
    /// Whoever answered belongs to no mesh whose root the bundle names.
    case notGenuine
    case refused(JoinRefusal)
    /// What the mesh gave could not be written.
    case notKept

    /// What is wrong, as a part of a sentence.
    public var reason: String {
        switch self {
        case .damaged: "the file is damaged or no join bundle"
        case .version: "the file is for another version of MeshCam"
        case .nobody: "no camera of that mesh is found"
        case .silent: "no camera of that mesh answers"
        case .malformed: "the answer of a camera was not understood"
        case .notGenuine: "what answered does not belong to that mesh"
        case .notKept: "the mesh could not be kept on this node's disk"
        case .refused(.notUnderstood): "a camera did not understand the request"
        case .refused(.stale), .refused(.busy): "a camera had no time"
        case .refused(.unknownTicket): "the mesh does not know the ticket"
        case .refused(.revoked): "the ticket was revoked"
        case .refused(.usedUp): "the ticket is used up: as many cameras as it allows have joined"
        case .refused(.notAdmitted): "the mesh does not admit this node: it was revoked, or shows a key of another"
        case .refused(.noMember): "what answered belongs to no mesh"
        }
    }

    public var cure: String {
        switch self {
        case .damaged: "Copy the file from the dashboard again."
        case .version, .malformed, .refused(.notUnderstood): "Update all cameras to the same version."
        case .nobody, .silent: "Check that this node is in the same network as the others. It tries again by itself."
        case .notGenuine, .refused(.noMember): "Something in this network answers in a camera's place; it tries again by itself."
        case .notKept: "Check this node's card."
        case .refused(.stale), .refused(.busy): "It tries again by itself."
        case .refused(.unknownTicket): "Its news may be under way; it tries again by itself. Else prepare another card."
        case .refused(.revoked), .refused(.usedUp): "Prepare another card on a dashboard, or add this camera with its setup code."
        case .refused(.notAdmitted): "Start this node with an empty state directory."
        }
    }

    /// Of several answers, the one that tells most is shown.
    var weight: Int {
        switch self {
        case .refused(.revoked), .refused(.usedUp), .refused(.notAdmitted): 5
        case .notKept: 6
        case .refused(.unknownTicket): 4
        case .refused: 3
        case .notGenuine, .malformed: 2
        case .silent: 1
        case .nobody, .damaged, .version: 0
        }
    }

    /// What to tell of all that went wrong at once.
    public static func worst(_ errors: [JoinError]) -> JoinError { errors.max { $0.weight < $1.weight } ?? .nobody }
}

extension JoinError: CustomStringConvertible {
    public var description: String { "\(reason). \(cure)" }
}
