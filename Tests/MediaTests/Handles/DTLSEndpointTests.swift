import Testing

@testable import Media

/// Two ends of DTLS in one process, with OpenSSL on both sides.
@Suite struct DTLSEndpointTests {
    private static let certificates = (0..<3).map { _ in try? DTLSCertificate() }

    private func certificate(_ index: Int) throws -> DTLSCertificate { try #require(Self.certificates[index]) }

    private let now = MonotonicTime.now

    private func pair(_ profiles: String = SRTPProfile.openSSLNames) throws -> (client: DTLSEndpoint, server: DTLSEndpoint) {
        let client = try DTLSEndpoint(DTLSContext(certificate: certificate(0), profiles: profiles))
        let server = try DTLSEndpoint(DTLSContext(certificate: certificate(1)))
        server.start(as: .server, now: now)
        return (client, server)
    }

    private func keys(_ end: DTLSEndpoint, _ role: DTLSRole) -> SRTPKeys? {
        guard case .established(let profile, let material) = end.progress else { return nil }
        return SRTPKeys(material: material, profile: profile, role: role)
    }

    private func profile(_ end: DTLSEndpoint) -> SRTPProfile? {
        if case .established(let profile, _) = end.progress { profile } else { nil }
    }

    private func datagrams(_ end: DTLSEndpoint) -> [[UInt8]] {
        var all: [[UInt8]] = []
        while let datagram = end.nextDatagram() { all.append(datagram) }
        return all
    }

    /// Carries datagrams until nobody says anything.
    ///
    /// - Parameter change: what becomes of each; counted from 0.
    /// - Returns: how many there were.
    @discardableResult
    private func talk(_ client: DTLSEndpoint, _ server: DTLSEndpoint, _ change: (Int, [UInt8]) -> [UInt8]? = { $1 }) -> Int {
        var count = 0
        for _ in 0..<100 {
            let (up, down) = (datagrams(client), datagrams(server))
            if up.isEmpty, down.isEmpty { break }
            for (to, datagrams) in [(server, up), (client, down)] {
                for datagram in datagrams {
                    #expect(datagram.count <= DTLSEndpoint.mtu)
                    if let datagram = change(count, datagram) { to.handle(datagram[...], now: now) }
                    count += 1
                }
            }
        }
        return count
    }

    @Test(arguments: ["SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_SHA1_80"]) func bothHaveTheSameKeys(name: String) throws {
        let (client, server) = try pair(name)
        #expect(client.progress == .handshaking && client.peerFingerprint(algorithm: "sha-256") == nil)
        client.start(as: .client, now: now)
        talk(client, server)
        let (a, b) = (try #require(keys(client, .client)), try #require(keys(server, .server)))
        #expect(profile(client) == profile(server) && a.local == b.remote && a.remote == b.local && a.local != a.remote)
        // Each knows whose certificate the other has; hashes that are too weak it does not tell.
        #expect(client.peerFingerprint(algorithm: "sha-256") == (try certificate(1).fingerprint.bytes))
        #expect(server.peerFingerprint(algorithm: "sha-256") == (try certificate(0).fingerprint.bytes))
        #expect(server.peerFingerprint(algorithm: "sha-512")?.count == 64 && server.peerFingerprint(algorithm: "sha-1") == nil)
        client.close()
        talk(client, server)
        #expect(server.progress == .closed && client.progress == .closed)
    }

    /// Several times cheaper, so a client that likes another better gets it all the same where it knows it.
    @Test func gcmIsPreferred() throws {
        let (client, server) = try pair("SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM")
        client.start(as: .client, now: now)
        talk(client, server)
        #expect(profile(server) == .aeadAES128GCM && profile(client) == .aeadAES128GCM)
    }

    /// Each datagram is lost once; what was lost comes again.
    @Test func lostDatagramsComeAgain() throws {
        for lost in 0..<8 {
            let (client, server) = try pair()
            client.start(as: .client, now: now)
            talk(client, server) { number, datagram in number == lost ? nil : datagram }
            for _ in 0..<4 where client.progress == .handshaking || server.progress == .handshaking {
                for end in [client, server] {
                    guard let first = end.nextTimeout(now: .now) else { continue }
                    #expect(first <= .now + .seconds(3))
                    // OpenSSL has a clock of its own.
                    while let due = end.nextTimeout(now: .now), due > .now {}
                    end.handleTimeout(now: .now)
                }
                talk(client, server)
            }
            #expect(keys(client, .client)?.local == keys(server, .server)?.remote && profile(client) != nil, "without datagram \(lost)")
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func anythingMayCome(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for _ in 0..<30 {
            let (client, server) = try pair()
            client.start(as: .client, now: now)
            talk(client, server) { _, datagram in
                guard Int.random(in: 0..<3, using: &random) == 0 else { return datagram }
                var datagram = datagram
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    datagram[Int.random(in: 0..<datagram.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                return Array(datagram.prefix(Int.random(in: 0...datagram.count, using: &random)))
            }
            if let a = keys(client, .client), let b = keys(server, .server) { #expect(a.local == b.remote && a.remote == b.local) }
        }
        let (_, server) = try pair()
        for length in 0..<300 { server.handle((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }[...], now: now) }
        #expect(profile(server) == nil)
    }
}
