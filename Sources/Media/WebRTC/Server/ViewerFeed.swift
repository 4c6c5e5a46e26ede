/// One stream of one source, cut into packets once for all who watch it.
struct ViewerFeed: Sendable {
    /// Names it within the node.
    struct Key: Sendable, Hashable {
        /// The source, as whoever opens a session calls it.
        var source: String
        var stream: LiveStream
    }

    let key: Key
    let subscription: AccessUnitSubscription

    /// Pictures that may wait for the packetizer; it is far faster than any camera.
    static let capacity = 64

    /// Runs until the subscription is cancelled.
    func run(_ take: @Sendable (PacketizedAccessUnit) -> Void) async {
        var packetizer = H264Packetizer()
        while let element = await subscription.next() {
            // After a loss or an interruption comes a key frame: nobody has to be told.
            guard case .unit(let unit) = element, let packets = packetizer.packetize(unit) else { continue }
            take(packets)
        }
    }
}
