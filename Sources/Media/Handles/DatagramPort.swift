import CDatagrams
import Glibc

/// The node's one UDP port for all viewers, on every address of the machine: many datagrams with each system call.
///
/// Each datagram says which of our addresses it came to, and is answered from there: with several addresses on one interface the kernel
/// would choose another, and the other side's ICE would take it for a stranger's (RFC 8445 §7.2.5.2.1). Used from one thread at a time.
struct DatagramPort: ~Copyable {
    /// To be sent: datagrams of one length, but for the last, which may be shorter.
    struct Batch {
        var path: IcePath
        /// Where in the buffer of ``send(_:_:)`` its bytes are.
        var bytes: Range<Int>
        /// Bytes of each datagram; `bytes.count` for a single one.
        var segment: Int
    }

    /// Longer ones are lost: nothing that WebRTC sends is longer.
    private static let receiveBytes = 2048
    /// Datagrams of one system call.
    static let batch = Int(meshcam_batch)
    /// What the kernel cuts at once: 64 segments (`UDP_MAX_SEGMENTS`), and what an IP packet holds.
    static let segmentLimit = 64
    static let segmentedBytes = 65_000

    /// For poll(2).
    let descriptor: Int32
    /// The port that it has.
    let port: UInt16
    private let family: Int32
    /// Whether the kernel cuts one long send into datagrams.
    private var cuts: Bool
    private let scratch: UnsafeMutableRawBufferPointer
    private let incoming: UnsafeMutableBufferPointer<meshcam_incoming>
    private let outgoing: UnsafeMutableBufferPointer<meshcam_outgoing>
    /// Datagrams that the kernel did not take: there is no way there.
    private(set) var lost = 0

    /// - Parameters:
    ///   - port: 0: any.
    ///   - bufferBytes: of the socket, each way; the kernel may give less. Default 1 MiB: a key frame for some twenty viewers.
    ///   - cuts: whether to use UDP GSO where the kernel has it. Default: yes.
    /// - Throws: ``MediaError`` when the port is taken.
    init(port: UInt16, bufferBytes: Int = 1 << 20, cuts: Bool = true) throws(MediaError) {
        var family = AF_INET6
        var descriptor = meshcam_datagram_socket(family, port, Int32(bufferBytes))
        if descriptor < 0, errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL {
            family = AF_INET
            descriptor = meshcam_datagram_socket(family, port, Int32(bufferBytes))
        }
        guard descriptor >= 0 else {
            let code = errno
            throw MediaError(
                operation: "open UDP port \(port) for live pictures", code: code, text: String(cString: strerror(code)),
                cure: code == EADDRINUSE ? "Another program has it: end that one, or choose another port." : "Look at the machine's network.")
        }
        self.family = family
        self.descriptor = descriptor
        self.port = UInt16(clamping: meshcam_datagram_port(descriptor))
        self.cuts = cuts && meshcam_can_segment(descriptor) != 0
        scratch = .allocate(byteCount: Self.batch * Self.receiveBytes, alignment: 16)
        incoming = .allocate(capacity: Self.batch)
        outgoing = .allocate(capacity: Self.batch)
        incoming.initialize(repeating: meshcam_incoming())
        outgoing.initialize(repeating: meshcam_outgoing())
        for index in 0..<Self.batch {
            incoming[index].bytes = scratch.baseAddress! + index * Self.receiveBytes
            incoming[index].room = UInt32(Self.receiveBytes)
        }
    }

    deinit {
        close(descriptor)
        scratch.deallocate()
        incoming.deallocate()
        outgoing.deallocate()
    }

    /// Waits until a datagram is there, or somebody signals, or that long. Takes the signal back.
    ///
    /// - Parameters:
    ///   - heedingDatagrams: false: only the signal or the time ends it.
    ///   - wantsRoom: whether room to send ends it, too.
    /// - Returns: whether a datagram is there.
    func wait(for wakeUp: WakeUp, atMost time: Duration, heedingDatagrams: Bool = true, wantsRoom: Bool = false) -> Bool {
        let (seconds, attoseconds) = time.components
        let nanoseconds = min(max(0, seconds), 3600) * 1_000_000_000 + max(0, attoseconds) / 1_000_000_000
        let came = meshcam_wait(descriptor, heedingDatagrams ? 1 : 0, wantsRoom ? 1 : 0, wakeUp.descriptor, nanoseconds)
        if came & 2 != 0 { wakeUp.reset() }
        return came & 1 != 0
    }

    /// Takes what has come, at most one batch; empty or too long datagrams are left out.
    ///
    /// - Returns: how many were there, those included; as many as ``batch``: there may be more.
    mutating func receive(_ take: (_ datagram: [UInt8], _ path: IcePath) -> Void) -> Int {
        let came = meshcam_receive(descriptor, incoming.baseAddress, UInt32(Self.batch))
        guard came > 0 else { return 0 }
        for index in 0..<Int(came) {
            let one = incoming[index]
            guard one.count > 0 else { continue }
            take(
                Array(UnsafeRawBufferPointer(start: one.bytes, count: Int(one.count))),
                IcePath(local: Self.address(one.to, port: port), remote: Self.address(one.from)))
        }
        return Int(came)
    }

    /// Sends batches out of one buffer. What has no way is lost, and counted.
    ///
    /// - Returns: what the kernel has no room for now, in its order.
    mutating func send(_ buffer: UnsafeRawBufferPointer, _ batches: [Batch]) -> [Batch] {
        var pieces: [Batch] = []
        for batch in batches { append(batch, to: &pieces) }
        for begin in stride(from: 0, to: pieces.count, by: Self.batch) {
            let count = min(Self.batch, pieces.count - begin)
            for (index, piece) in pieces[begin..<(begin + count)].enumerated() {
                outgoing[index] = meshcam_outgoing(
                    bytes: buffer.baseAddress! + piece.bytes.lowerBound, count: UInt32(piece.bytes.count), segment: UInt16(clamping: piece.segment),
                    from: Self.endpoint(piece.path.local), to: Self.endpoint(piece.path.remote))
            }
            let done = flush(count)
            if done < count { return Array(pieces[(begin + done)...]) }
        }
        return []
    }

    /// Each of what one send of the kernel carries.
    private func append(_ batch: Batch, to pieces: inout [Batch]) {
        guard batch.bytes.count > batch.segment else { return pieces.append(batch) }
        let most = cuts ? max(1, min(Self.segmentLimit, Self.segmentedBytes / batch.segment)) : 1
        for begin in stride(from: batch.bytes.lowerBound, to: batch.bytes.upperBound, by: most * batch.segment) {
            pieces.append(Batch(path: batch.path, bytes: begin..<min(begin + most * batch.segment, batch.bytes.upperBound), segment: batch.segment))
        }
    }

    /// Answers how many are done with, sent or lost: all, unless there is no room.
    private mutating func flush(_ count: Int) -> Int {
        var done = 0
        while done < count {
            let sent = meshcam_send(descriptor, family, outgoing.baseAddress! + done, UInt32(count - done))
            if sent > 0 {
                done += Int(sent)
                continue
            }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return done }
            // A device below does not do it after all (EIO): one by one from now on. Or this way alone carries less than a segment
            // (EMSGSIZE, of older kernels EINVAL): there the IP layer cuts each datagram, and the others' stay as they are.
            if outgoing[done].segment > 0, outgoing[done].count > outgoing[done].segment, code == EIO || code == EINVAL || code == EMSGSIZE {
                if code == EIO { cuts = false }
                sendSingly(outgoing[done])
            } else {
                lost += datagrams(in: outgoing[done])
            }
            done += 1
        }
        return done
    }

    private mutating func sendSingly(_ long: meshcam_outgoing) {
        var start = 0
        while start < Int(long.count) {
            var one = long
            one.bytes = long.bytes + start
            one.count = UInt32(min(Int(long.segment), Int(long.count) - start))
            if meshcam_send(descriptor, family, &one, 1) <= 0 { lost += 1 }
            start += Int(long.segment)
        }
    }

    private func datagrams(in one: meshcam_outgoing) -> Int {
        one.segment == 0 ? 1 : (Int(one.count) + Int(one.segment) - 1) / Int(one.segment)
    }

    // MARK: Addresses

    private static func address(_ endpoint: meshcam_endpoint, port: UInt16? = nil) -> TransportAddress {
        withUnsafeBytes(of: endpoint.address) { bytes in
            TransportAddress(
                mapped: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)), UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                port: port ?? endpoint.port, zone: endpoint.zone)
        }
    }

    private static func endpoint(_ address: TransportAddress) -> meshcam_endpoint {
        var endpoint = meshcam_endpoint()
        let (high, low) = address.mapped
        withUnsafeMutableBytes(of: &endpoint.address) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        endpoint.port = address.port
        endpoint.zone = address.zone
        return endpoint
    }
}
