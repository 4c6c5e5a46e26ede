package import Gossip

/// Something that a judge may want to know.
package struct Observation: Sendable {
    package enum What: Sendable {
        /// A node's own view of another changed.
        case standing(of: NodeID, Status)
        case delivered(GroupTrigger)
        /// A packet of somebody whom the node does not admit had an effect.
        case accepted(stranger: NodeID, effect: String)
        /// A packet that may not fit a link.
        case oversized(Int)
        /// A node compared everything with another that knew a revocation, and does not know it.
        case unlearned(NodeID, from: NodeID)
        case started
        case stopped
    }

    package let at: VirtualTime
    package let node: Int
    package let what: What
}
