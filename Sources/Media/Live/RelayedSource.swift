import Synchronization

/// Another node's camera, passed on: for viewers whom no way leads to that node. Each of its streams comes here once, however many watch it
/// through this node, and only while somebody does.
public final class RelayedSource: LiveSource {
    /// Opens a stream at the camera's node: bytes of ``AccessUnitWire`` for as long as it lasts.
    public typealias Open = @Sendable (LiveStream) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable

    /// Between tries to reach a node that does not answer.
    private static let pause = Duration.seconds(1)

    private let buses: [LiveStream: AccessUnitBus]
    private let pumping = Mutex<Set<LiveStream>>([])
    /// Streams that are being opened: they begin with a key frame of themselves, and one that is asked for beside comes before anybody is there for it.
    private let opening = Mutex<Set<LiveStream>>([])
    private let open: Open
    private let wantKeyFrame: @Sendable (LiveStream) -> Void
    private let start: @Sendable (RelayedSource, LiveStream) -> Void

    /// - Parameters:
    ///   - wantKeyFrame: passes the wish on to the camera's node; returns at once.
    ///   - start: has ``pump(_:)`` run; returns at once.
    public init(
        open: @escaping Open, wantKeyFrame: @escaping @Sendable (LiveStream) -> Void, start: @escaping @Sendable (RelayedSource, LiveStream) -> Void
    ) {
        buses = Dictionary(uniqueKeysWithValues: LiveStream.allCases.map { ($0, AccessUnitBus()) })
        self.open = open
        self.wantKeyFrame = wantKeyFrame
        self.start = start
    }

    public func subscribe(to stream: LiveStream, name: String, capacity: Int) -> AccessUnitSubscription {
        let subscription = bus(stream).subscribe(name: name, capacity: capacity)
        // Whoever comes to a stream that runs needs a picture to begin with; one that begins has it.
        if pumping.withLock({ $0.insert(stream).inserted }) {
            opening.withLock { _ = $0.insert(stream) }
            start(self, stream)
        } else {
            requestKeyFrame(of: stream)
        }
        return subscription
    }

    public func requestKeyFrame(of stream: LiveStream) {
        if !opening.withLock({ $0.contains(stream) }) { wantKeyFrame(stream) }
    }

    /// Carries one stream for as long as somebody watches it.
    public func pump(_ stream: LiveStream) async {
        let bus = bus(stream)
        while !Task.isCancelled {
            do {
                opening.withLock { _ = $0.insert(stream) }
                defer { opening.withLock { _ = $0.remove(stream) } }
                var parser = AccessUnitWire.Parser()
                for try await bytes in try await open(stream) {
                    for unit in try parser.push(bytes) {
                        opening.withLock { _ = $0.remove(stream) }
                        bus.publish(unit)
                    }
                    if !bus.hasSubscribers { break }
                }
            } catch {
                bus.interrupt(reason: "\(error)")
            }
            // Who comes in this very moment starts it again.
            let isOver = pumping.withLock { pumping in
                guard !bus.hasSubscribers else { return false }
                pumping.remove(stream)
                return true
            }
            if isOver { return }
            try? await ContinuousClock().sleep(for: Self.pause)
        }
        pumping.withLock { _ = $0.remove(stream) }
    }

    private func bus(_ stream: LiveStream) -> AccessUnitBus {
        guard let bus = buses[stream] else { preconditionFailure("no bus for \(stream)") }
        return bus
    }
}
