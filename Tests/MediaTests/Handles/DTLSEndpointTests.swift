import Testing

@testable import Media

/// Two ends of DTLS in one process, with OpenSSL on both sides.
@Suite struct DTLSEndpointTests {
    private static let certificates = (0..<3).map { _ in try? DTLSCertificate() }

    private func certificate(_ index: Int) throws -> DTLSCertificate { try #require(Self.certificates[index]) }

    private func pair(
        _ profiles: [SRTPProfile] = SRTPProfile.allCases, told: (client: DTLSFingerprint, server: DTLSFingerprint)? = nil
    ) throws -> (client: DTLSEndpoint, server: DTLSEndpoint) {
        let (one, other) = (try certificate(0), try certificate(1))
        return (
            try DTLSEndpoint(DTLSContext(certificate: one, profiles: profiles), role: .client, fingerprints: [told?.server ?? other.fingerprint]),
            try DTLSEndpoint(DTLSContext(certificate: other), role: .server, fingerprints: [told?.client ?? one.fingerprint])
        )
    }

    /// Carries datagrams until nobody says anything.
    ///
    /// - Parameter change: what becomes of each; counted from 0.
    /// - Returns: how many there were.
    @discardableResult
    private func talk(_ client: DTLSEndpoint, _ server: DTLSEndpoint, _ change: (Int, [UInt8]) -> [UInt8]? = { $1 }) -> Int {
        var count = 0
        for _ in 0..<100 {
            let (up, down) = (client.takeDatagrams(), server.takeDatagrams())
            if up.isEmpty, down.isEmpty { break }
            for (to, datagrams) in [(server, up), (client, down)] {
                for datagram in datagrams {
                    #expect(datagram.count <= DTLSEndpoint.mtu)
                    if let datagram = change(count, datagram) { to.receive(datagram[...]) }
                    count += 1
                }
            }
        }
        return count
    }

    @Test(arguments: SRTPProfile.allCases) func bothHaveTheSameKeys(profile: SRTPProfile) throws {
        let (client, server) = try pair([profile])
        #expect(client.keys() == nil)
        client.start()
        talk(client, server)
        #expect(client.state == .connected && server.state == .connected)
        let (a, b) = (try #require(client.keys()), try #require(server.keys()))
        #expect(a.profile == profile && b.profile == profile && a.send == b.receive && a.receive == b.send && a.send != a.receive)
        #expect(a.send.count == profile.keyBytes + profile.saltBytes)
        #expect("\(a)" == "<SRTP keys, \(profile)>", "keys never show")
        client.close()
        talk(client, server)
        #expect(server.state == .closed)
    }

    /// Several times cheaper, so a client that likes another better gets it all the same where it knows it.
    @Test func gcmIsPreferred() throws {
        let (client, server) = try pair([.aes128CMHMACSHA1_80, .aeadAES128GCM])
        client.start()
        talk(client, server)
        #expect(server.keys()?.profile == .aeadAES128GCM && client.keys()?.profile == .aeadAES128GCM)
    }

    /// Who sits between the two has another certificate.
    @Test func anothersCertificateIsRefused() throws {
        let stranger = try certificate(2).fingerprint
        let (client, server) = try pair(told: (client: certificate(0).fingerprint, server: stranger))
        client.start()
        talk(client, server)
        #expect({ if case .failed(let why) = client.state { why.contains("certificate") } else { false } }())
        #expect(client.keys() == nil && server.keys() == nil)
        let (second, careful) = try pair(told: (client: stranger, server: certificate(1).fingerprint))
        second.start()
        talk(second, careful)
        #expect({ if case .failed = careful.state { true } else { false } }())
        #expect(careful.keys() == nil)
    }

    /// Each datagram is lost once; what was lost comes again.
    @Test func lostDatagramsComeAgain() throws {
        for lost in 0..<8 {
            let (client, server) = try pair()
            client.start()
            talk(client, server) { number, datagram in number == lost ? nil : datagram }
            for _ in 0..<4 where client.state == .handshaking || server.state == .handshaking {
                for end in [client, server] {
                    guard let first = end.timeout else { continue }
                    #expect(first <= .seconds(3))
                    while let left = end.timeout, left > .zero {}
                    end.handleTimeout()
                }
                talk(client, server)
            }
            #expect(client.state == .connected && server.state == .connected, "without datagram \(lost)")
            #expect(client.keys()?.send == server.keys()?.receive)
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func anythingMayCome(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for _ in 0..<30 {
            let (client, server) = try pair()
            client.start()
            talk(client, server) { _, datagram in
                guard Int.random(in: 0..<3, using: &random) == 0 else { return datagram }
                var datagram = datagram
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    datagram[Int.random(in: 0..<datagram.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                return Array(datagram.prefix(Int.random(in: 0...datagram.count, using: &random)))
            }
            if let a = client.keys(), let b = server.keys() { #expect(a.send == b.receive && a.receive == b.send) }
        }
        let (_, server) = try pair()
        for length in 0..<300 { server.receive((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }[...]) }
        #expect(server.keys() == nil)
    }

    @Test func fingerprintsAreTheCertificates() throws {
        let own = try certificate(0)
        #expect(own.fingerprint.algorithm == .sha256 && own.fingerprint.hash.count == 32)
        #expect(own.fingerprint != (try certificate(1).fingerprint))
    }
}
