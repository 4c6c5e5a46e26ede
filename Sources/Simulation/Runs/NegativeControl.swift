import Gossip

/// Something that is broken on purpose. A run that does not fail with it proves that the invariant looks at nothing.
package enum NegativeControl: String, Sendable, CaseIterable {
    /// The boot counter begins anew at every start, and nobody's word of a later one is heard.
    case resetBoot = "reset-boot"
    /// Suspects get 1.5 s instead of 2.5 s.
    case shortSuspicion = "short-suspicion"
    /// Nobody believes a refutation.
    case noRefutation = "no-refutation"
    /// Every trigger that arrives is delivered, however often it did before.
    case noDeduplication = "no-deduplication"
    /// A trigger is sent once.
    case noRetransmission = "no-retransmission"
    /// Who could not be reached when a trigger was sent never has it.
    case noLateDelivery = "no-late-delivery"
    /// What the root signed is never written to the card.
    case forgottenRevocation = "forgotten-revocation"
    /// A stranger's admission counts.
    case acceptStranger = "accept-stranger"
    /// Nodes that differ never exchange what the other lacks: there is only news.
    case noAntiEntropy = "no-anti-entropy"
    /// The hash that nodes compare says which records there are, but not in which version.
    case blindHash = "blind-hash"
    /// Everything is compared twenty times a second.
    case chatty = "chatty"

    /// The invariant of mesh.md §7 that must break.
    package var breaks: Int {
        switch self {
        case .forgottenRevocation, .acceptStranger: 6
        case .resetBoot, .noAntiEntropy, .blindHash: 7
        case .shortSuspicion, .noRefutation: 8
        case .noDeduplication, .noRetransmission, .noLateDelivery: 9
        case .chatty: 10
        }
    }

    /// What is broken by settings alone.
    func change(_ settings: inout GossipSettings) {
        switch self {
        case .shortSuspicion: settings.suspicionMinimum = .milliseconds(1500)
        case .noRetransmission: settings.triggerResends = [.seconds(10)]
        // Over when the last sending is.
        case .noLateDelivery: settings.triggerLifetime = settings.triggerResends.last ?? .zero
        case .chatty: settings.syncInterval = .milliseconds(50)
        case .resetBoot, .noRefutation, .noDeduplication, .forgottenRevocation, .acceptStranger, .noAntiEntropy, .blindHash: break
        }
    }
}
