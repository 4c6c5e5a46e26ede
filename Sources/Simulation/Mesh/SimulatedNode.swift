package import Gossip

/// A box with a card, clocks, and the program on it. What the program's shell does, the ``SimulatedMesh`` does for it.
package struct SimulatedNode: Sendable {
    /// Whose keys it has; two nodes have the same only where one is a clone.
    package let identity: Int
    package internal(set) var instance: GossipInstance
    package internal(set) var disk: SimulatedDisk
    package internal(set) var clock = SimulatedClock()
    package internal(set) var isRunning = false
    /// Until then it does nothing; what arrives waits.
    package internal(set) var pausedUntil: VirtualTime?
    /// Counts starts: what an earlier process began ends with it.
    package internal(set) var life = 0
    /// Whether a liar sits at it.
    var lies = false
    /// When it last began to run.
    package internal(set) var startedAt = VirtualTime.zero

    // The shell's own.
    var timerAt = VirtualTime.never
    var isRaisingBoot = false
    var writesPeersAt: VirtualTime?
    var wrotePeersAt: VirtualTime?

    // What it cost.
    package internal(set) var bytesSent = 0
    package internal(set) var packetsSent = 0
    package internal(set) var largestPacket = 0
    /// By TLS, without its handshakes.
    package internal(set) var tlsBytesSent = 0

    // What it said to its owner, if the mesh remembers that.
    package internal(set) var delivered: [GroupTrigger] = []
    package internal(set) var deliveredAt: [ContinuousClock.Instant] = []
    package internal(set) var changes: [MeshChange] = []

    /// The revocation that it knows of, if any, ends what the rest of the mesh has with it.
    func admits(_ node: NodeID) -> Bool { instance.roster.admission(of: node) != nil }
}
