import Foundation
import Synchronization

/// What happens in the mesh, for everybody who listens: this node's own events, and those of its peers while somebody looks.
///
/// Keeps the newest events so that a page that lost its connection can go on where it was. A listener that does not read is
/// let go; it comes back and resumes.
final class EventHub: Sendable {
    struct Event: Sendable {
        /// Counts the events of this hub.
        let number: UInt64
        let name: EventStreamName
        let data: Data
        /// Whether it happened on this node; peers are told of nothing else.
        let isLocal: Bool
    }

    /// Events that can be resumed.
    static let kept = 1000
    /// How often an idle stream shows that its node lives. A page that hears nothing for three of these says so, within the
    /// 5 s of dashboard.md and a little.
    static let beatInterval = Duration.seconds(2)
    /// Events that wait for one listener.
    static let pending = 256

    private struct Listener {
        let continuation: AsyncStream<Event>.Continuation
        let localOnly: Bool
    }

    private struct State {
        var number: UInt64 = 0
        var ring: [Event] = []
        var listeners: [Int: Listener] = [:]
        var nextListener = 0
    }

    private let state = Mutex(State())
    /// Tells this hub's numbers from those of another node or an earlier run.
    private let epoch: String

    init(epoch: String) {
        self.epoch = epoch
    }

    func publish(_ name: EventStreamName, _ resource: some Encodable, isLocal: Bool = true) {
        guard let data = try? JSONCoding.encoder.encode(resource) else { return }
        publish(name, data: data, isLocal: isLocal)
    }

    func publish(_ name: EventStreamName, data: Data, isLocal: Bool) {
        let lost = state.withLock { state in
            state.number += 1
            let event = Event(number: state.number, name: name, data: data, isLocal: isLocal)
            state.ring.append(event)
            if state.ring.count > Self.kept { state.ring.removeFirst(state.ring.count - Self.kept) }
            return Self.deliver(event, &state)
        }
        for listener in lost { listener.continuation.finish() }
    }

    /// Keeps idle connections alive and finds the dead ones. Called every ``beatInterval``; the beat is no event
    /// and has no number.
    func beat() {
        let lost = state.withLock { Self.deliver(Event(number: 0, name: .beat, data: Data(), isLocal: true), &$0) }
        for listener in lost { listener.continuation.finish() }
    }

    /// Answers the listeners that fell behind; their streams are ended outside the lock, because that calls back.
    private static func deliver(_ event: Event, _ state: inout State) -> [Listener] {
        var lost: [Listener] = []
        for (key, listener) in state.listeners where event.isLocal || !listener.localOnly {
            if case .dropped = listener.continuation.yield(event) {
                state.listeners[key] = nil
                lost.append(listener)
            }
        }
        return lost
    }

    /// Events from now on, after those missed since `lastEventID`. When they cannot be told any more, the first one is `resync`.
    func listen(after lastEventID: String?, localOnly: Bool) -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingOldest(Self.kept + Self.pending))
        let key = state.withLock { state in
            if let lastEventID {
                if let number = number(lastEventID), number <= state.number, number + 1 >= state.ring.first?.number ?? 1 {
                    for event in state.ring where event.number > number && (event.isLocal || !localOnly) { continuation.yield(event) }
                } else {
                    continuation.yield(Event(number: state.number, name: .resync, data: Data("{}".utf8), isLocal: true))
                }
            }
            state.nextListener += 1
            state.listeners[state.nextListener] = Listener(continuation: continuation, localOnly: localOnly)
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.listeners.removeValue(forKey: key) } }
        return stream
    }

    /// Whether somebody looks who wants the whole mesh's events.
    var hasMeshListeners: Bool { state.withLock { $0.listeners.values.contains { !$0.localOnly } } }

    /// The event as `text/event-stream` writes it (HTML Living Standard §9.2).
    func text(_ event: Event) -> String {
        if event.name == .beat { return ":\n\n" }
        return "id: \(epoch)-\(event.number)\nevent: \(event.name.rawValue)\ndata: \(String(decoding: event.data, as: UTF8.self))\n\n"
    }

    private func number(_ id: String) -> UInt64? {
        guard id.hasPrefix("\(epoch)-") else { return nil }
        return UInt64(id.dropFirst(epoch.count + 1))
    }
}

extension EventStreamName {
    /// A comment line that only keeps the connection alive; never seen by a page.
    static let beat = EventStreamName(rawValue: "")
}
