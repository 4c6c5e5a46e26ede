/// Why gossip cannot run. The message names the cure.
public struct GossipError: Error, Sendable, CustomStringConvertible {
    /// What was attempted, as "open UDP port 7462".
    public var operation: String
    /// Why it failed, in the system's own words.
    public var reason: String
    /// What to do about it.
    public var cure: String
    /// `errno` of the failed call.
    public var code: Int32

    public var description: String { "could not \(operation): \(reason). \(cure)" }
}
