import Synchronization

/// Packets between the thread that receives them and the actor that reads them. Bounded; only ``take(_:)`` takes something out, at once,
/// so nothing is ever on its way to a reader and seen by nobody.
final class PacketQueue: Sendable {
    private struct State {
        var packets: [UDPTransport.Packet] = []
        /// Those before it were taken.
        var first = 0
    }

    private let limit: Int
    private let state = Mutex(State())
    /// Says that there is something to take, once for several packets; ends when nothing comes any more. For one reader.
    let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    init(limit: Int) {
        self.limit = limit
        (arrivals, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Answers whether there was room.
    func append(_ packet: UDPTransport.Packet) -> Bool {
        let hadRoom = state.withLock { state in
            guard state.packets.count - state.first < limit else { return false }
            state.packets.append(packet)
            return true
        }
        arrival.yield()
        return hadRoom
    }

    /// The oldest, at most so many.
    func take(_ count: Int) -> [UDPTransport.Packet] {
        state.withLock { state in
            let end = min(state.packets.count, state.first + max(0, count))
            let taken = Array(state.packets[state.first..<end])
            state.first = end
            // What was taken goes in one piece, so that a long queue is not moved for each packet.
            if state.first == state.packets.count {
                state.packets.removeAll(keepingCapacity: true)
                state.first = 0
            } else if state.first >= limit {
                state.packets.removeFirst(state.first)
                state.first = 0
            }
            return taken
        }
    }

    /// Nothing comes any more.
    func finish() { arrival.finish() }
}
