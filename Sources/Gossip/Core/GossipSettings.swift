/// How gossip behaves. All defaults are mesh.md §3's, tuned there by simulation; change them only together.
public struct GossipSettings: Sendable {
    /// UDP port. 0: any free one. Default 7462.
    public var port: Int
    /// TCP port where peers reach this node by TLS, told in the node's record. Default 7462.
    public var peerPort: Int
    /// Other nodes' `host:port`, for networks without multicast. Default: none.
    public var seeds: [String]

    /// Time between two probes by this node. Default 500 ms.
    public var probeInterval = Duration.milliseconds(500)
    /// A probe unanswered for this long is tried through others. Shorter finds faults sooner and accuses the innocent more often. Default 200 ms.
    public var probeTimeout = Duration.milliseconds(200)
    /// How many members try in our stead. Default 3.
    public var indirectProbes = 3
    /// A suspect has at least this long to refute: the larger of this and ``suspicionPerDecade`` · log10(members). Default 2.5 s.
    public var suspicionMinimum = Duration.milliseconds(2500)
    /// See ``suspicionMinimum``. Default 1.25 s.
    public var suspicionPerDecade = Duration.milliseconds(1250)
    /// An accusation that nobody confirms gives this many times as long. Default 3.
    public var suspicionMaximumFactor = 3
    /// Independent accusers that shorten the time to its minimum. Default 2.
    public var suspicionConfirmations = 2
    /// A suspect that not enough others accuse is asked again this often: perhaps it is this node that heard nothing. Default 1 s.
    public var suspectAskInterval = Duration.seconds(1)
    /// A suspect that enough others accuse is asked once more, so long before it is held for dead: perhaps this node alone missed its
    /// refutation. As long as a probe waits for its answer. Default 500 ms.
    public var suspectLastAsk = Duration.milliseconds(500)
    /// Cap of the local health multiplier (Lifeguard §IV-A): a node that misses answers slows down before it accuses. Default 8.
    public var awarenessLimit = 8
    /// Time between two rounds of news. Default 200 ms.
    public var gossipInterval = Duration.milliseconds(200)
    /// Members that get each round. Default 3.
    public var gossipFanout = 3
    /// News is sent this · ceil(log10(members + 1)) times. Default 4.
    public var retransmitFactor = 4
    /// Time between comparisons of everything with one random member. Default 10 s.
    public var syncInterval = Duration.seconds(10)
    /// Time after which a comparison that failed is made again with the same member. Default 2 s.
    public var syncRetryInterval = Duration.seconds(2)
    /// A dead member is tried again this often, for ever. Default 10 s.
    public var reprobeInterval = Duration.seconds(10)
    /// In the first ``eagerPeriod`` after the start, members are tried this often. Default 500 ms.
    public var eagerInterval = Duration.milliseconds(500)
    /// See ``eagerInterval``. Default 10 s.
    public var eagerPeriod = Duration.seconds(10)
    /// When an unacknowledged trigger is sent again, counted from its first sending; after the last it goes into the events record.
    public var triggerResends: [Duration] = [
        .milliseconds(30), .milliseconds(70), .milliseconds(150), .milliseconds(300), .milliseconds(600), .milliseconds(1200),
        .milliseconds(2400), .milliseconds(4000),
    ]
    /// How long the events record keeps a trigger. Default 60 s.
    public var triggerLifetime = Duration.seconds(60)
    /// Triggers per second that one origin may cause; more are taken later, when it sends them again. Default 10.
    public var triggersPerSecond = 10

    public init(port: Int = 7462, peerPort: Int = 7462, seeds: [String] = []) {
        self.port = port
        self.peerPort = peerPort
        self.seeds = seeds
    }
}
