/// A request to a node failed. Prints as one line: what happened, and what cures it.
struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it was.
    enum Kind: Sendable, Equatable {
        /// No connection, or none in time.
        case unreachable
        /// The other side could not prove who it is.
        case untrusted
        /// The node wants a sign-in, or refuses this one.
        case unauthorized
        /// The node said no: HTTP status.
        case refused(Int)
        /// The answer makes no sense.
        case notUnderstood
        /// The command's own input fits nothing.
        case noMatch
    }

    var kind: Kind
    /// What happened.
    var message: String
    /// What to do about it.
    var cure: String
    /// What kind of problem the node named, as `/problems/root-locked`. Empty where it named none.
    var type = ""

    var description: String { cure.isEmpty ? message : message.hasSuffix(".") ? "\(message) \(cure)" : "\(message); \(cure)" }
}
