/// Packets between this node and one other: keys, boots, sequence numbers, addresses.
package struct PeerLink: Sendable {
    /// Why a packet was refused.
    package enum Refusal: String, Error, Sendable, CaseIterable {
        /// No packet of this version, or altered on the way.
        case damaged
        /// Another mesh's, or from somebody who is no member.
        case foreign
        /// Our own packet came back.
        case reflected
        /// Seen before, or too old to tell.
        case replayed
        /// For another boot of ours.
        case misdirected
        /// From a boot that its sender has left behind.
        case staleBoot
        /// A frame that does not read.
        case malformed
        /// A signature that does not fit.
        case forged
        /// No room among the packets that wait to be read.
        case overrun
        /// A trigger of a boot that its origin left long ago: it may have been seen (``SeenTriggers``).
        case outdated
        /// A trigger that was given up because this node's own readers were too slow.
        case unread
        /// Not looked at: its sender, or whom it is about, has cost too much of late (``VerificationBudget``).
        case unheeded
    }

    /// Addresses that are tried at once, and that are kept of each kind; more replace the oldest.
    package static let addressLimit = 8
    /// Of addresses that nothing vouches for.
    static let rumourLimit = 4

    let id: NodeID
    let sendKey: [UInt8]
    let receiveKey: [UInt8]
    /// The peer's boot, proven in this boot of ours; `nil` until then.
    package private(set) var boot: UInt32?
    /// The highest boot ever seen; survives restarts of ours.
    package private(set) var highestBoot: UInt32
    private var window = ReplayWindow()
    /// Of the last packet to the peer.
    private(set) var sequence: UInt64 = 0
    /// Where its last packet came from.
    private(set) var current: PeerAddress?
    /// Where it was heard, newest first.
    private(set) var candidates: [PeerAddress]
    /// Where it says that it is: one for each of its links and address families.
    private(set) var told: [PeerAddress] = []
    /// Where somebody who may be anybody says that it is; newest first. In a list of their own, so that they push out nothing better.
    private(set) var rumours: [PeerAddress] = []
    private(set) var lastHeard: ContinuousClock.Instant?
    /// Packets refused as replayed since the last good one.
    private var replayedInARow = 0

    /// The hello that waits for its answer.
    var helloNonce: [UInt8]?
    var helloSentAt: ContinuousClock.Instant?
    var staleBootSentAt: ContinuousClock.Instant?

    init(id: NodeID, sendKey: [UInt8], receiveKey: [UInt8], candidates: [PeerAddress], highestBoot: UInt32) {
        self.id = id
        self.sendKey = sendKey
        self.receiveKey = receiveKey
        self.candidates = Array(candidates.prefix(Self.addressLimit))
        self.highestBoot = highestBoot
    }

    /// Where to send, best first.
    package var addresses: [PeerAddress] {
        var found = current.map { [$0] } ?? []
        for address in told + candidates + rumours where !found.contains(address) { found.append(address) }
        return found
    }

    /// Where to send first.
    var address: PeerAddress? { current ?? told.first ?? candidates.first ?? rumours.first }

    /// Its own record names these.
    mutating func follow(told addresses: [PeerAddress]) { told = Array(addresses.prefix(Self.addressLimit)) }

    /// Somebody says that it is there.
    mutating func hear(rumour address: PeerAddress) {
        rumours.removeAll { $0 == address }
        rumours.insert(address, at: 0)
        rumours = Array(rumours.prefix(Self.rumourLimit))
    }

    /// Another member has that address now.
    mutating func leave(_ address: PeerAddress) {
        if current == address { current = nil }
        for list in [\Self.candidates, \.rumours] { self[keyPath: list].removeAll { $0 == address } }
    }

    mutating func learn(_ addresses: [PeerAddress]) {
        for address in addresses.reversed() where candidates.first != address {
            candidates.removeAll { $0 == address }
            candidates.insert(address, at: 0)
        }
        candidates = Array(candidates.prefix(Self.addressLimit))
    }

    /// Whether its packets are authentic, all of them old, and nothing else came for a while. Whoever replays packets can make it
    /// look so while the peer itself is silent.
    func seemsRolledBack(now: ContinuousClock.Instant) -> Bool {
        replayedInARow >= 4 && lastHeard.map { now - $0 > .seconds(1) } ?? true
    }

    /// The highest number of its packets of ``boot`` that came; 0 for none.
    var seenSequence: UInt64 { window.highest ?? 0 }

    mutating func raise(highestBoot boot: UInt32) { highestBoot = max(highestBoot, boot) }

    mutating func nextSequence() -> UInt64 {
        sequence += 1
        return sequence
    }

    /// Checks an authentic packet of frames for age. On success the peer's boot and address are known.
    mutating func accept(
        _ content: PacketContent, ownBoot: UInt32, from: PeerAddress, now: ContinuousClock.Instant
    ) -> Refusal? {
        guard content.destinationBoot == ownBoot else { return .misdirected }
        guard content.sourceBoot >= highestBoot else { return .staleBoot }
        if boot != content.sourceBoot {
            // Only this node's present boot was told to that boot of the peer, so these packets cannot be older than both.
            boot = content.sourceBoot
            highestBoot = content.sourceBoot
            window = ReplayWindow()
            helloNonce = nil
        }
        let isNewest = content.sequence > (window.highest ?? 0)
        guard window.insert(content.sequence) else {
            replayedInARow += 1
            return .replayed
        }
        replayedInARow = 0
        if isNewest || current == nil {
            current = from
            learn([from])
        }
        lastHeard = now
        return nil
    }
}
