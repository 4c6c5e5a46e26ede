/// What a viewer gets and costs, since its session began.
public struct ViewerStatistics: Sendable {
    public var id: ViewerID
    public var source: String
    /// Media flows.
    public var isConnected: Bool
    /// What it gets now.
    public var stream: LiveStream
    public var sentPackets: Int
    public var sentBytes: Int
    public var resentPackets: Int
    /// Too late to be sent.
    public var droppedPackets: Int
    /// That the viewer says it never got, retransmissions included.
    public var lostPackets: Int
    public var nacks: Int
    public var keyFrameRequests: Int
    /// What its link carries, bit/s, as far as is known.
    public var estimatedBitRate: Double
    /// The cipher, as in its profile's name; nil before the keys are agreed.
    public var cipher: String?
}
