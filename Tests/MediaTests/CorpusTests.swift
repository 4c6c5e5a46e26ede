import Foundation
import Testing

@testable import Media

/// Every parser of what strangers send, on what strangers really sent, whole and broken: nothing traps, what reads can be said again.
@Suite struct CorpusTests {
    private struct File: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        var testDescription: String { name }
    }

    private static func files(_ kind: String) throws -> [File] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(kind)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { File(name: $0.lastPathComponent, bytes: Array(try Data(contentsOf: $0))) }
    }

    /// Tries each file broken in many ways, the same ones in each run and others.
    private func breaking(_ files: [File], rounds: Int, _ look: (File, [UInt8], UInt64) -> Void) {
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            for file in files { for _ in 0..<rounds { look(file, mutator.mutate(file.bytes), seed) } }
        }
    }

    @Test func stun() throws {
        let files = try Self.files("stun")
        #expect(files.count >= 6)
        for file in files {
            let message = try StunMessage(file.bytes[...])
            let isRequest = file.name.contains("request")
            #expect(message.method == StunMessage.binding && message.messageClass == (isRequest ? .request : .indication), "\(file.name)")
            // Who asks says for whom, and proves it.
            #expect(message.attributes.isEmpty != isRequest, "\(file.name)")
        }
        breaking(files, rounds: 200) { file, bytes, seed in
            guard let message = try? StunMessage(bytes[...]) else { return }
            #expect(message.attributes.count <= StunMessage.attributeLimit, "\(file.name), seed \(seed): \(bytes)")
            _ = message.bytes(key: [1, 2, 3])
        }
    }

    @Test func sdp() throws {
        let files = try Self.files("sdp")
        #expect(files.count >= 8)
        for file in files {
            let description = try SessionDescription(String(decoding: file.bytes, as: UTF8.self))
            #expect(try SessionDescription(description.description).description == description.description, "\(file.name)")
            guard file.name.hasSuffix("offer.sdp") else { continue }
            let negotiated = try OfferAnswer.negotiate(description)
            #expect(negotiated.video.allowsNACK, "\(file.name)")
        }
        breaking(files, rounds: 20) { file, bytes, seed in
            guard let description = try? SessionDescription(String(decoding: bytes, as: UTF8.self)) else { return }
            let said = description.description
            #expect((try? SessionDescription(said))?.description == said, "\(file.name), seed \(seed)")
            _ = try? OfferAnswer.negotiate(description)
        }
    }

    @Test func rtcp() throws {
        let files = try Self.files("rtcp")
        #expect(files.count >= 12)
        for file in files {
            let packets = RTCPPacket.compound(in: file.bytes[...])
            #expect(packets.count == (file.name.contains("compound") ? 3 : 1), Comment(rawValue: file.name))
            #expect(RTCPPacket.compound(in: RTCPPacket.bytes(of: packets)[...]) == packets, "\(file.name)")
        }
        breaking(files, rounds: 300) { file, bytes, seed in
            let packets = RTCPPacket.compound(in: bytes[...])
            #expect(packets.count <= RTCPPacket.compoundLimit, "\(file.name), seed \(seed): \(bytes)")
            #expect(RTCPPacket.compound(in: RTCPPacket.bytes(of: packets)[...]).count == packets.count, "\(file.name), seed \(seed): \(bytes)")
        }
    }

    @Test func rtp() throws {
        let files = try Self.files("rtp")
        #expect(files.count >= 2)
        for file in files {
            let packet = try #require(RTPPacket(file.bytes[...]), "\(file.name)")
            #expect(packet.header.ssrc == 7 && packet.header.extensions.elements.count == 2, "\(file.name)")
        }
        breaking(files, rounds: 1000) { file, bytes, seed in
            guard let packet = RTPPacket(bytes[...]) else { return }
            #expect(RTPPacket(packet.bytes[...])?.payload == packet.payload, "\(file.name), seed \(seed): \(bytes)")
        }
    }

    /// Whoever replays or breaks a handshake agrees on no keys, and what OpenSSL is given does not end this process.
    @Test func dtls() throws {
        let files = try Self.files("dtls")
        #expect(files.count >= 12)
        let context = try DTLSContext(certificate: DTLSCertificate())
        var began = 0
        var attempts = 0
        var endpoint = try DTLSEndpoint(context)
        breaking(files, rounds: 15) { file, bytes, seed in
            // Many broken datagrams for one association, as a flood is.
            if attempts.isMultiple(of: 20), let fresh = try? DTLSEndpoint(context) {
                endpoint = fresh
                endpoint.start(as: attempts.isMultiple(of: 40) ? .server : .client, now: .now)
            }
            attempts += 1
            endpoint.handle(bytes[...], now: .now)
            while let answer = endpoint.nextDatagram() {
                began += 1
                #expect(answer.count <= 1500, "\(file.name), seed \(seed)")
            }
            if case .established = endpoint.progress { Issue.record("keys were agreed on with \(file.name), seed \(seed)") }
        }
        #expect(began > 0, "some of it is answered")
        // The whole first words of each stranger are understood.
        for file in files where file.name.contains("-00-from-") {
            let server = try DTLSEndpoint(context)
            server.start(as: .server, now: .now)
            for part in files where part.name.hasPrefix(file.name.prefix { $0 != "-" }) && !part.name.contains("from-node") { server.handle(part.bytes[...], now: .now) }
            #expect(server.nextDatagram() != nil, "\(file.name)")
            // What comes next was signed over another server's words.
            if case .established = server.progress { Issue.record("a recording of \(file.name) agreed on keys") }
        }
    }
}
