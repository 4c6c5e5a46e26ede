import Foundation
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import Gossip

/// Real handshakes between two channels in memory.
@Suite struct PeerTLSTests {
    private let mesh = TestMesh.shared

    /// Whether a client with that identity and a server with that roster come to terms.
    private func connects(client: NodeIdentity, server: NodeIdentity, trusting certificate: [UInt8]? = nil, roster: Roster) throws -> Bool {
        let (serverTLS, verify) = try PeerTLS.server(identity: server, roster: { roster })
        let clientTLS = try PeerTLS.client(identity: client, to: certificate ?? server.tlsCertificateDER)
        return try handshake(clientTLS, serverTLS, verify)
    }

    private func handshake(_ clientTLS: TLSConfiguration, _ serverTLS: TLSConfiguration, _ verify: @escaping PeerTLS.Verification) throws -> Bool {
        let server = EmbeddedChannel()
        let client = EmbeddedChannel()
        try server.pipeline.syncOperations.addHandler(
            NIOSSLServerHandler(context: NIOSSLContext(configuration: serverTLS), customVerificationCallback: verify))
        try client.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: NIOSSLContext(configuration: clientTLS), serverHostname: nil))
        let address = try NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 1)
        server.connect(to: address, promise: nil)
        client.connect(to: address, promise: nil)
        var sent = false
        for _ in 0..<20 {
            do {
                while let bytes = try client.readOutbound(as: ByteBuffer.self) { try server.writeInbound(bytes) }
                while let bytes = try server.readOutbound(as: ByteBuffer.self) { try client.writeInbound(bytes) }
                if !sent {
                    client.writeAndFlush(ByteBuffer(string: "hello"), promise: nil)
                    sent = true
                }
                server.embeddedEventLoop.run()
                client.embeddedEventLoop.run()
                if let received = try server.readInbound(as: ByteBuffer.self) { return String(buffer: received) == "hello" }
            } catch {
                return false
            }
        }
        return false
    }

    @Test func membersConnect() throws {
        #expect(try connects(client: mesh.identities[0], server: mesh.identities[1], roster: mesh.roster))
    }

    @Test func strangersAndRevokedDoNot() throws {
        #expect(try !connects(client: TestMesh.identity(), server: mesh.identities[1], roster: mesh.roster))
        var roster = mesh.roster
        roster.merge([mesh.root.revoke(mesh.identities[0].id, serial: 2)])
        #expect(try !connects(client: mesh.identities[0], server: mesh.identities[1], roster: roster))
        // Nor with somebody else's certificate in the server's place.
        #expect(
            try !connects(
                client: mesh.identities[0], server: mesh.identities[1], trusting: mesh.identities[2].tlsCertificateDER, roster: mesh.roster))
    }

    @Test func clientWithoutCertificateDoesNot() throws {
        let (server, verify) = try PeerTLS.server(identity: mesh.identities[1], roster: { mesh.roster })
        var client = try PeerTLS.client(identity: mesh.identities[0], to: mesh.identities[1].tlsCertificateDER)
        client.certificateChain = []
        client.privateKey = nil
        #expect(try !handshake(client, server, verify))
    }

    @Test func certificateTellsTheNode() throws {
        let certificate = try NIOSSLCertificate(bytes: mesh.identities[4].tlsCertificateDER, format: .der)
        #expect(PeerTLS.nodeID(of: certificate, roster: mesh.roster) == mesh.identities[4].id)
        #expect(certificate.notValidBefore == 0 && certificate.notValidAfter == 253_402_300_799)
        let stranger = try NIOSSLCertificate(bytes: TestMesh.identity().tlsCertificateDER, format: .der)
        #expect(PeerTLS.nodeID(of: stranger, roster: mesh.roster) == nil)
    }

    /// Certificates come from strangers: every altered one is another node's, or nobody's, and none ends the process.
    @Test func alteredCertificatesAreNobodys() throws {
        let good = mesh.identities[4].tlsCertificateDER
        var sameKey = 0
        for index in good.indices {
            for flip in [UInt8(1), 0x80, 0xff] {
                var altered = good
                altered[index] ^= flip
                if NodeCertificate.keyHash(ofDER: altered) == mesh.identities[4].tlsKeyHash { sameKey += 1 }
                guard let certificate = try? NIOSSLCertificate(bytes: altered, format: .der) else { continue }
                let node = PeerTLS.nodeID(of: certificate, roster: mesh.roster)
                #expect(node == nil || node == mesh.identities[4].id)
            }
        }
        // Outside of its key a certificate says nothing that counts.
        #expect(sameKey > 100 && sameKey < good.count * 3 - 64 * 3)
        for junk in [[], [0x30], [UInt8](repeating: 0x30, count: 5000)] { #expect(NodeCertificate.keyHash(ofDER: junk) == nil) }
    }

    @Test func browserLeaf() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let leaf = try BrowserCertificate.selfSigned(
            .init(names: ["localhost", "cam.local"], addresses: ["127.0.0.1", "fe80::1%eth0", "2001:db8::7", "no address"]), now: now)
        let certificate = try #require(leaf.chain.first)
        #expect(certificate.notValidBefore == Int(now.timeIntervalSince1970) - 86400)
        #expect(certificate.notValidAfter - certificate.notValidBefore <= 397 * 86400)
        let alternatives = certificate._subjectAlternativeNames()
        #expect(alternatives.count == 5)
        #expect(PEM.certificate(leaf.der).hasPrefix("-----BEGIN CERTIFICATE-----"))
        _ = try NIOSSLContext(configuration: leaf.server)
    }
}
