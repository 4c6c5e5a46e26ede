/// Why a viewer gets no pictures. The message names the cure.
public enum WebRTCError: Error, Sendable, CustomStringConvertible {
    /// The description cannot be answered.
    case badOffer(OfferError)
    /// A later fragment cannot be read.
    case badFragment(SDPError)
    /// It is for an ICE generation that is over.
    case otherGeneration
    /// As many watch as may.
    case tooMany(limit: Int)
    /// No such viewer, or no more.
    case unknownViewer
    /// The server does not run.
    case notRunning
    case failed(MediaError)

    public var description: String {
        switch self {
        case .badOffer(let error): "\(error)"
        case .badFragment(let error): "\(error)"
        case .otherGeneration: "That was before an ICE restart. Send the ETag of the newest answer in If-Match, or * to restart"
        case .tooMany(let limit): "\(limit) viewers watch through this node already. Close one of them, or open another node's dashboard"
        case .unknownViewer: "This session is over. Begin another one"
        case .notRunning: "Live pictures are not ready yet. Try again in a second"
        case .failed(let error): "\(error)"
        }
    }
}
