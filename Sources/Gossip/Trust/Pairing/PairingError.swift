/// Why two nodes did not pair. The description says it to a person, the cure what to do.
public enum PairingError: Error, Sendable, Equatable {
    /// What was typed is not the new node's code; or somebody stands between the two.
    case wrongCode(retryAfter: Duration)
    /// Too many wrong codes: the new node waits.
    case paused(Duration)
    /// The new node pairs with somebody else just now.
    case busy
    /// The other side did not show that it knows the code.
    case notGenuine
    case noCommonVersion
    /// No answer in time.
    case silent
    case unreachable(String)
    /// What came is no message of this protocol, or comes out of turn.
    case malformed
    /// The new node could not keep what it was given.
    case notKept
    /// The member that was to admit it does not, with its reason.
    case notAdmitted(String)

    public var reason: String {
        switch self {
        case .wrongCode: "the code is not this camera's"
        case .paused: "too many wrong codes were tried on this camera"
        case .busy: "the camera is being added by somebody else"
        case .notGenuine: "the camera did not show that it knows its own code; another device may be answering in its place"
        case .noCommonVersion: "the camera runs a version of MeshCam that this one does not understand"
        case .silent: "the camera stopped answering"
        case .unreachable(let why): "the camera cannot be reached: \(why)"
        case .malformed: "the camera sent something that is not understood"
        case .notKept: "the camera could not write to its disk"
        case .notAdmitted(let why): why
        }
    }

    public var cure: String {
        switch self {
        case .wrongCode(let wait) where wait > .zero: "Read the nine digits again, and try again in \(wait.seconds) s."
        case .wrongCode: "Read the nine digits again; 'meshcam code' on the camera prints them."
        case .paused(let wait): "Try again in \(wait.seconds) s. After 20 wrong codes the camera makes a new one."
        case .busy: "Try again in a minute."
        case .notGenuine: "Do not type the code again on this network before you know which device that was."
        case .noCommonVersion: "Update both to the same version."
        case .silent, .unreachable: "Check that the camera is on and in the same network, and try again."
        case .malformed: "Update both to the same version, and try again."
        case .notKept: "Check the camera's card, and try again."
        case .notAdmitted: "Start the camera with an empty state directory if it is yours; this node's log says more."
        }
    }
}

extension PairingError: CustomStringConvertible {
    public var description: String { "could not pair: \(reason). \(cure)" }
}

extension Duration {
    /// Whole seconds, rounded up.
    var seconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) + (attoseconds > 0 ? 1 : 0)
    }
}
