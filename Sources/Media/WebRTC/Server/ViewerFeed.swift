/// One stream of one source, cut into packets once for all who watch it.
struct ViewerFeed {
    /// Names it within the node.
    struct Key: Sendable, Hashable {
        /// The source, as whoever opens a session calls it.
        var source: String
        var stream: LiveStream
    }

    /// Pictures that may wait for the viewers' thread; it is far faster than any camera.
    static let capacity = 64

    let subscription: AccessUnitSubscription
    var watchers: Set<ViewerID> = []
    private var packetizer = H264Packetizer()

    init(_ subscription: AccessUnitSubscription) { self.subscription = subscription }

    /// The pictures that have come, each for all watchers.
    mutating func takeAll() -> [PacketizedAccessUnit] {
        var packets: [PacketizedAccessUnit] = []
        for element in subscription.takeAll() {
            // After a loss or an interruption comes a key frame: nobody has to be told.
            if case .unit(let unit) = element, let cut = packetizer.packetize(unit) { packets.append(cut) }
        }
        return packets
    }
}
