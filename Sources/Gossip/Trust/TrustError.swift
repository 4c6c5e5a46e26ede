/// Why identity or trust could not be read, written or made. The message names the cure.
public struct TrustError: Error, Sendable, CustomStringConvertible {
    /// What was attempted, as "read the identity".
    public var operation: String
    /// Why it failed, in the system's own words where there are any.
    public var reason: String
    /// What to do about it.
    public var cure: String
    /// `errno` of the failed call; `nil` where no call failed.
    public var code: Int32?

    package init(operation: String, reason: String, cure: String, code: Int32? = nil) {
        self.operation = operation
        self.reason = reason
        self.cure = cure
        self.code = code
    }

    public var description: String { "could not \(operation): \(reason). \(cure)" }
}

/// Errors of ``NodeIdentity``.
public typealias IdentityError = TrustError
