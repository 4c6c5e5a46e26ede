@testable import Media

/// Shakes hands with three messages that can be lost like others. No secret is one.
final class FakeDTLS: DTLSTransport {
    private enum Message {
        static let clientHello: UInt8 = 1
        static let serverHello: UInt8 = 2
        static let finished: UInt8 = 3
        static let alert: UInt8 = 4
    }

    let certificate: [UInt8]
    let profile: SRTPProfile
    private(set) var progress = DTLSProgress.handshaking
    private(set) var role: DTLSRole?
    private var peer: [UInt8]?
    private var outgoing: [[UInt8]] = []
    private var timeout: MonotonicTime?
    private var lastFlight: [UInt8]?

    init(certificate: UInt8, profile: SRTPProfile = .aeadAES128GCM) {
        self.certificate = [UInt8](repeating: certificate, count: 32)
        self.profile = profile
    }

    func start(as role: DTLSRole, now: MonotonicTime) {
        self.role = role
        if role == .client { send(Message.clientHello, now: now) }
    }

    func handle(_ datagram: ArraySlice<UInt8>, now: MonotonicTime) {
        let bytes = Array(datagram)
        guard bytes.count == 34, bytes[0] == 22, let role else { return }
        switch (bytes[1], role) {
        case (Message.clientHello, .server):
            peer = Array(bytes[2...])
            send(Message.serverHello, now: now)
        case (Message.serverHello, .client):
            peer = Array(bytes[2...])
            establish()
            send(Message.finished, now: now)
            timeout = nil
        case (Message.finished, .server) where peer != nil:
            establish()
        // The certificate stands for what authenticates a record behind the handshake: nobody else can say goodbye.
        case (Message.alert, _) where peer == nil || Array(bytes[2...]) == peer:
            progress = .closed
        default: return
        }
    }

    private func establish() {
        if progress == .handshaking { progress = .established(profile: profile, material: (0..<profile.materialBytes).map { UInt8($0) }) }
        timeout = nil
    }

    private func send(_ message: UInt8, now: MonotonicTime) {
        let flight = [22, message] + certificate
        outgoing.append(flight)
        lastFlight = flight
        timeout = now + .milliseconds(200)
    }

    func nextDatagram() -> [UInt8]? { outgoing.isEmpty ? nil : outgoing.removeFirst() }
    func nextTimeout(now: MonotonicTime) -> MonotonicTime? { timeout }

    func handleTimeout(now: MonotonicTime) {
        if let lastFlight { outgoing.append(lastFlight) }
        timeout = now + .milliseconds(400)
    }

    func peerFingerprint(algorithm: String) -> [UInt8]? { algorithm == "sha-256" ? peer : nil }
    func close() { outgoing.append([22, Message.alert] + certificate) }
}
