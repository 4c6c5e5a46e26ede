/// Plain RTP to one address, unencrypted: what a camera without WebRTC gives to a gateway. For measurements beside other servers.
package struct RTPFeed: ~Copyable {
    private var port: DatagramPort
    private let path: IcePath
    private var packetizer = H264Packetizer()
    private let header: RTPHeaderTemplate
    private var sequenceNumber: UInt16 = 1

    /// - Parameters:
    ///   - from: an address of this machine.
    ///   - to: where the gateway listens.
    /// - Throws: ``MediaError`` for what are no addresses, and when no port is left.
    package init(from local: String, to remote: String, port remotePort: UInt16, payloadType: UInt8) throws(MediaError) {
        let socket = try DatagramPort(port: 0)
        guard let local = TransportAddress(local, port: socket.port), let remote = TransportAddress(remote, port: remotePort) else {
            throw MediaError(operation: "send RTP to \(remote)", text: "this is no address", cure: "Give numbers, no name.")
        }
        port = socket
        path = IcePath(local: local, remote: remote)
        header = RTPHeaderTemplate(ssrc: .random(in: 1 ... .max), payloadType: payloadType)
    }

    package mutating func send(_ unit: AccessUnit) {
        guard let packets = packetizer.packetize(unit) else { return }
        for index in 0..<packets.count {
            var bytes: [UInt8] = []
            header.write(
                marker: packets.isMarked(index), sequenceNumber: sequenceNumber, timestamp: UInt32(truncatingIfNeeded: unit.pts90k), transportSequence: 0,
                to: &bytes)
            bytes += packets.payload(index)
            sequenceNumber &+= 1
            _ = bytes.withUnsafeBytes { port.send($0, [.init(path: path, bytes: 0..<bytes.count, segment: bytes.count)]) }
        }
    }
}
