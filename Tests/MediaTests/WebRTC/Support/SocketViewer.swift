import Foundation

@testable import Media

/// A viewer with a real socket, OpenSSL and libsrtp2: the other end of ``WebRTCServer``. Counts packets and puts pictures together.
///
/// It takes in every RTP packet of the loopback in order, asks for nothing and reports nothing: what a server does for the simplest of viewers.
final class SocketViewer {
    private var port: DatagramPort
    private let wake: WakeUp
    private var ice: IceAgent
    private let dtls: DTLSEndpoint
    private var hasStarted = false
    private var srtp: SRTPSession?
    private var depacketizer = H264Depacketizer()
    private(set) var pictures: [H264Depacketizer.Picture] = []
    private(set) var refused = 0
    private(set) var heardGoodbye = false
    let offer: String

    init() throws {
        port = try DatagramPort(port: 0)
        wake = try WakeUp()
        var random = SystemRandomNumberGenerator()
        let credentials = IceCredentials(using: &random)
        let address = TransportAddress("127.0.0.1", port: port.port)!
        ice = IceAgent(role: .controlling, credentials: credentials, addresses: [address], random: random, now: .now)
        let certificate = try DTLSCertificate()
        dtls = try DTLSEndpoint(DTLSContext(certificate: certificate))
        let local = OfferAnswer.Local(
            credentials: credentials, candidates: ice.localCandidates, fingerprint: certificate.fingerprint, ssrc: 1, retransmissionSSRC: 2,
            cname: "viewer", sessionID: 1)
        offer = OfferAnswer.offer(local: local).description
    }

    var isConnected: Bool { srtp != nil }

    /// Takes the server's answer.
    func accept(_ answer: String) throws {
        let description = try SessionDescription(answer)
        let transport = description.transport(of: description.media[0])
        guard let credentials = transport.credentials else { throw OfferError.noIceCredentials }
        ice.setRemote(credentials, isLite: transport.isLite, now: .now)
        for candidate in transport.candidates { ice.add(candidate) }
    }

    /// Takes part until `isDone`, at most so long. Answers whether it was.
    func run(atMost limit: Duration = .seconds(20), until isDone: (SocketViewer) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + limit
        while !isDone(self) {
            guard ContinuousClock.now < deadline else { return false }
            perform(ice.tick(now: .now))
            if hasStarted, let due = dtls.nextTimeout(now: .now), due <= .now {
                dtls.handleTimeout(now: .now)
                flush()
            }
            port.wait(for: wake, atMost: .milliseconds(10))
            var came: [([UInt8], IcePath)] = []
            while port.receive({ came.append(($0, $1)) }) {}
            for (datagram, path) in came { take(datagram, path) }
        }
        return true
    }

    private func take(_ datagram: [UInt8], _ path: IcePath) {
        var bytes = datagram
        switch DatagramKind(bytes[...]) {
        case .stun: perform(ice.handle(bytes[...], from: path.remote, to: path.local, now: .now))
        case .dtls:
            dtls.handle(bytes[...], now: .now)
            flush()
            if srtp == nil, case .established(let profile, let material) = dtls.progress,
                let keys = SRTPKeys(material: material, profile: profile, role: .client) {
                srtp = try? SRTPSession(profile, keys)
            }
        case .rtp:
            guard let srtp, let count = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTP($0, length: $0.count) }),
                let packet = RTPPacket(bytes[..<count])
            else { return refused += 1 }
            if let picture = depacketizer.handle(packet) { pictures.append(picture) }
        case .rtcp:
            guard let srtp, let count = try? bytes.withUnsafeMutableBytes({ try srtp.unprotectRTCP($0, length: $0.count) }) else {
                return refused += 1
            }
            for packet in RTCPPacket.compound(in: bytes[..<count]) { if case .goodbye = packet { heardGoodbye = true } }
        case nil: refused += 1
        }
    }

    private func perform(_ actions: [IceAgent.Action]) {
        for action in actions {
            if case .transmit(let bytes, let path) = action { send(bytes, path) }
            if case .selected = action, !hasStarted {
                hasStarted = true
                dtls.start(as: .client, now: .now)
                flush()
            }
        }
    }

    private func flush() {
        while let datagram = dtls.nextDatagram() { if let path = ice.selected { send(datagram, path) } }
    }

    func send(_ bytes: [UInt8], _ path: IcePath) {
        bytes.withUnsafeBytes { port.send($0, [.init(path: path, bytes: 0..<bytes.count, segment: bytes.count)]) }
    }

    /// Sends what no viewer sends, on the way that was found or from a new port of its own.
    func send(garbage bytes: [UInt8]) { if let path = ice.selected { send(bytes, path) } }
}
