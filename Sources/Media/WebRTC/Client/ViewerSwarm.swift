import Glibc

/// Many viewers on one thread, to see what a server bears.
package final class ViewerSwarm: @unchecked Sendable {
    // Invariant behind @unchecked: one thread at a time; whoever uses it waits for each call before the next.

    /// What came to all of them since they began.
    package struct Summary: Sendable, Codable {
        /// How many have keys.
        package var connected = 0
        package var packets = 0
        package var bytes = 0
        /// Packets of media that did not come.
        package var lost = 0
        /// Datagrams that were none, or not authentic.
        package var refused = 0
        /// As SRTP's profiles are named; sorted.
        package var ciphers: [String] = []
    }

    /// Between looks at the clock.
    private static let pause: Int32 = 5

    private let address: String
    private let context: DTLSContext
    private var viewers: [ViewerClient] = []

    /// - Parameter address: of this machine, where they receive.
    /// - Throws: ``MediaError`` when there is no memory.
    ///   They offer one cipher alone, so that servers that are compared use the same.
    package init(address: String) throws(MediaError) {
        self.address = address
        context = try DTLSContext(certificate: DTLSCertificate(), profiles: "SRTP_AEAD_AES_128_GCM")
    }

    /// One more, that offers to receive; answers its offer. Tell ``accept(_:)`` what the server says to it.
    package func add() throws(MediaError) -> String {
        let viewer = try ViewerClient(address: address, context: context)
        viewers.append(viewer)
        return viewer.offer
    }

    /// The answer to the offer of who came last.
    package func accept(_ answer: String) throws { try viewers.last?.accept(answer) }

    /// One more, for a server that makes the offer; answers the answer.
    package func add(answering offer: String) throws -> String {
        let viewer = try ViewerClient(address: address, context: context)
        viewers.append(viewer)
        return try viewer.answer(to: offer)
    }

    /// All take part, for so long.
    package func run(for duration: Duration) {
        let end = MonotonicTime.now + duration
        var polled = viewers.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var nextTick = MonotonicTime.now
        repeat {
            _ = poll(&polled, nfds_t(polled.count), Self.pause)
            for index in polled.indices where polled[index].revents != 0 { viewers[index].receive() }
            let now = MonotonicTime.now
            guard now >= nextTick else { continue }
            nextTick = now + .milliseconds(Int64(Self.pause))
            for viewer in viewers { viewer.tick(now: now) }
        } while MonotonicTime.now < end
    }

    package var summary: Summary {
        viewers.reduce(into: Summary(ciphers: Set(viewers.compactMap(\.cipher)).sorted())) { sum, viewer in
            sum.connected += viewer.isConnected ? 1 : 0
            sum.packets += viewer.reception?.packets ?? 0
            sum.bytes += viewer.reception?.bytes ?? 0
            sum.lost += viewer.reception?.lost ?? 0
            sum.refused += viewer.refused
        }
    }
}
