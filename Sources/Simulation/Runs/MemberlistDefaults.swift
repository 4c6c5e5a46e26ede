package import Gossip

extension GossipSettings {
    /// hashicorp/memberlist's `DefaultLANConfig` as far as our state machine can express it: probes every second with a timeout of
    /// 500 ms, 3 indirect ones, suspicion 4 · max(1, log10 N) s growing up to sixfold and shortened by 2 confirmations, news every
    /// 200 ms to 3 members, 4 · ceil(log10(N + 1)) times, full comparison every 30 s, local health up to 8.
    ///
    /// What remains ours, and so is the same in a comparison: members are known from a signed roster and dead ones are called for ever
    /// (here every 30 s, as memberlist gossips to its dead for 30 s only); a member starts suspicion with the next probe's end, not one
    /// probe interval earlier; comparisons send a hash first and the state only where it differs (memberlist always sends all);
    /// packets are sealed with keys of their own for each pair, claims are signed, so bytes and CPU are ours; every node of both says
    /// the same about itself.
    package static var memberlistLAN: GossipSettings {
        var settings = GossipSettings()
        settings.probeInterval = .seconds(1)
        settings.probeTimeout = .milliseconds(500)
        settings.indirectProbes = 3
        settings.suspicionMinimum = .seconds(4)
        settings.suspicionPerDecade = .seconds(4)
        settings.suspicionMaximumFactor = 6
        settings.suspicionConfirmations = 2
        // It asks nobody again.
        settings.suspectAskInterval = .seconds(3600)
        settings.suspectLastAsk = .zero
        settings.awarenessLimit = 8
        settings.gossipInterval = .milliseconds(200)
        settings.gossipFanout = 3
        settings.retransmitFactor = 4
        settings.syncInterval = .seconds(30)
        settings.syncRetryInterval = .seconds(3600)
        settings.reprobeInterval = .seconds(30)
        return settings
    }
}
