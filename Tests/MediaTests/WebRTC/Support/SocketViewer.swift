import Foundation

@testable import Media

/// A ``ViewerClient`` that puts pictures together, and otherwise is the simplest of viewers: asks for nothing and reports nothing.
final class SocketViewer {
    private let client: ViewerClient
    private var depacketizer = H264Depacketizer()
    private(set) var pictures: [H264Depacketizer.Picture] = []

    init(reports: Bool = false) throws {
        client = try ViewerClient(context: DTLSContext(certificate: DTLSCertificate()))
        client.reports = reports
        client.onPacket = { [unowned self] packet in
            if let picture = depacketizer.handle(packet) { pictures.append(picture) }
        }
    }

    var offer: String { client.offer }
    var isConnected: Bool { client.isConnected }
    var refused: Int { client.refused }
    var heardGoodbye: Bool { client.heardGoodbye }
    var reception: Reception? { client.reception }

    func accept(_ answer: String) throws { try client.accept(answer) }

    /// Sends what no viewer sends, on the way that was found.
    func send(garbage bytes: [UInt8]) { client.send(raw: bytes) }

    /// Takes part until `isDone`, at most so long. Answers whether it was.
    func run(atMost limit: Duration = .seconds(20), until isDone: (SocketViewer) -> Bool) -> Bool {
        let deadline = MonotonicTime.now + limit
        while !isDone(self) {
            guard MonotonicTime.now < deadline else { return false }
            client.tick(now: .now)
            var one = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&one, 1, 10)
            client.receive()
        }
        return true
    }
}
