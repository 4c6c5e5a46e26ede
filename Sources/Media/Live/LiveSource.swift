/// Something that can be watched: a camera of this node, or another node's.
public protocol LiveSource: Sendable {
    /// Begins a subscription to one of its streams, which starts with a key frame as soon as there can be one.
    func subscribe(to stream: LiveStream, name: String, capacity: Int) -> AccessUnitSubscription
    /// Asks for a key frame as soon as possible; asking often does no harm.
    func requestKeyFrame(of stream: LiveStream)
}

extension Camera: LiveSource {}
