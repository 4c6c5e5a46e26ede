import Foundation
import Synchronization

/// Waits for datagrams on a thread of its own, until it is woken to end; then closes both descriptors.
final class DatagramReceiver: Sendable {
    let descriptor: Int32
    /// Becomes readable (at its end) when the thread is to end.
    let wakeDescriptor: Int32
    let queue: PacketQueue
    let refusals: RefusalCounters
    /// Looks at each packet before it waits for the actor, so that a flood of strangers' packets leaves room for members' ones.
    let refusal: @Sendable ([UInt8]) -> PeerLink.Refusal?
    /// Held from the reading of a packet until it is in the queue: else one that the thread has just read would be seen by nobody while
    /// the thread waits for a processor.
    private let reading = Mutex(())

    init(
        descriptor: Int32, wakeDescriptor: Int32, queue: PacketQueue, refusals: RefusalCounters,
        refusal: @escaping @Sendable ([UInt8]) -> PeerLink.Refusal?
    ) {
        self.descriptor = descriptor
        self.wakeDescriptor = wakeDescriptor
        self.queue = queue
        self.refusals = refusals
        self.refusal = refusal
    }

    func run() {
        var buffer = [UInt8](repeating: 0, count: 2048)
        var polls = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        while true {
            guard poll(&polls, 2, -1) > 0 else { continue }
            if polls[1].revents != 0 { break }
            // All that is there, so that one wake-up serves a burst.
            while readOne(&buffer) {}
        }
        queue.finish()
        close(descriptor)
        close(wakeDescriptor)
    }

    /// Answers whether there was a packet.
    private func readOne(_ buffer: inout [UInt8]) -> Bool {
        reading.withLock { _ in
            guard let packet = receive(&buffer) else { return false }
            if isWorthReading(packet), !queue.append(packet) { refusals.count(.overrun) }
            return true
        }
    }

    /// At most so many of those that wait in the queue, and then in the socket; of the latter, those that are not worth reading count, too.
    /// Safe beside ``run()``.
    func takeWaiting(limit: Int) -> [UDPTransport.Packet] {
        reading.withLock { _ in
            var packets = queue.take(limit)
            let left = limit - packets.count
            guard left > 0 else { return packets }
            var buffer = [UInt8](repeating: 0, count: 2048)
            for _ in 0..<left {
                guard let packet = receive(&buffer) else { break }
                if isWorthReading(packet) { packets.append(packet) }
            }
            return packets
        }
    }

    private func isWorthReading(_ packet: UDPTransport.Packet) -> Bool {
        guard let reason = refusal(packet.bytes) else { return true }
        refusals.count(reason)
        return false
    }

    /// `nil` when nothing waits. Errors of earlier sends (ICMP) show up here too, and are as good as nothing.
    private func receive(_ buffer: inout [UInt8]) -> UDPTransport.Packet? {
        while true {
            var source = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &source) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
                }
            }
            if count < 0 {
                if errno == EAGAIN || errno == EWOULDBLOCK { return nil }
                continue
            }
            guard let peer = SocketAddress.peer(source) else { continue }
            return UDPTransport.Packet(bytes: Array(buffer[..<count]), source: peer)
        }
    }
}

/// Packets that were refused before anybody waited for them.
final class RefusalCounters: Sendable {
    private let counts = Mutex<[PeerLink.Refusal: Int]>([:])

    func count(_ refusal: PeerLink.Refusal) { counts.withLock { $0[refusal, default: 0] += 1 } }

    /// Since the last call.
    func take() -> [PeerLink.Refusal: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }
}
