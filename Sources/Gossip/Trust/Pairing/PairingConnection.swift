import NIOCore

/// One side's end of a pairing connection: messages with their length before them (4 bytes, big-endian), each awaited for a bounded time.
struct PairingConnection: ~Copyable {
    typealias Stream = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Of all messages but the welcome.
    static let messageLimit = 4096
    /// A roster of the largest size, and what goes with it.
    static let welcomeLimit = 6 << 20
    /// Both sides are machines: what they say does not wait for a person.
    static let patience = TimeAmount.seconds(10)

    private let channel: any Channel
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var waiting = ByteBuffer()

    init(
        channel: any Channel, inbound: NIOAsyncChannelInboundStream<ByteBuffer>, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// From now on the channel's bytes are read; it must have been made with `autoRead` off. Run the stream: it must not be let go before.
    static func begin(on channel: any Channel) async throws -> Stream {
        try await channel.eventLoop.submit {
            // The stream of a channel that has closed already would never end.
            guard channel.isActive else { throw PairingError.silent }
            let stream = try Stream(wrappingChannelSynchronously: channel)
            channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
            return stream
        }.get()
    }

    /// - Parameter limit: a longer message ends the connection before it is read.
    /// - Throws: ``PairingError/silent``, ``PairingError/malformed``.
    mutating func receive(
        limit: Int = messageLimit, within patience: TimeAmount = patience, isolation: isolated (any Actor)? = #isolation
    ) async throws(PairingError) -> [UInt8] {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { timer.cancel() }
        while true {
            if let length = waiting.getInteger(at: waiting.readerIndex, as: UInt32.self) {
                guard length <= limit else { throw .malformed }
                if waiting.readableBytes >= 4 + Int(length) {
                    waiting.moveReaderIndex(forwardBy: 4)
                    let message = waiting.readBytes(length: Int(length)) ?? []
                    waiting.discardReadBytes()
                    return message
                }
            }
            do {
                guard var more = try await inbound.next(isolation: isolation) else { throw PairingError.silent }
                waiting.writeBuffer(&more)
            } catch {
                throw .silent
            }
        }
    }

    /// - Throws: ``PairingError/silent`` when nobody is there any more.
    func send(_ message: [UInt8], isolation: isolated (any Actor)? = #isolation) async throws(PairingError) {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        defer { timer.cancel() }
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(message.count))
        buffer.writeBytes(message)
        do { try await outbound.write(buffer) } catch { throw .silent }
    }
}
