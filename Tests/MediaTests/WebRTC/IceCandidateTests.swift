import Testing

@testable import Media

@Suite struct IceCandidateTests {
    /// RFC 8839 §5.1 has these two lines as its example.
    @Test func theStandardsExamples() {
        let host = CandidateLine("candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host")
        #expect(
            host == .candidate(IceCandidate(foundation: "1", priority: 2_130_706_431, address: TransportAddress("203.0.113.141", port: 8998)!, kind: .host)))
        let reflexive = CandidateLine("a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998")
        #expect(
            reflexive
                == .candidate(
                    IceCandidate(
                        foundation: "2", priority: 1_694_498_815, address: TransportAddress("192.0.2.3", port: 45664)!, kind: .serverReflexive,
                        related: TransportAddress("203.0.113.141", port: 8998)!)))
    }

    /// RFC 8445 §5.1.2.1: these are the priorities of that example.
    @Test func priorities() {
        #expect(IceCandidate.priority(.host, localPreference: 65535) == 2_130_706_431)
        #expect(IceCandidate.priority(.serverReflexive, localPreference: 65535) == 1_694_498_815)
    }

    @Test(arguments: [
        // Chromium with mDNS, TCP, another component, a relay's ICE-TCP, an unknown kind.
        "candidate:3097153466 1 udp 2113937151 5b9c0ba3-a6f3-4f3b-9d2c-8d7b2d6a4f0e.local 51472 typ host generation 0 network-cost 999",
        "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0",
        "candidate:1 2 udp 2113937150 192.0.2.1 51473 typ host", "candidate:1 1 udp 1 192.0.2.1 9 typ other", "candidate:1 1 udp 1 224.0.0.1 9 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0 typ host",
    ])
    func whatIsOfNoUseToUs(line: String) {
        #expect(CandidateLine(line) == .unusable)
    }

    @Test(arguments: [
        "", "candidate:", "candidate:1 1 udp 1 192.0.2.1 9 typ", "candidate:1 1 udp x 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 99999 typ host",
        "candidate:1 1 udp -1 192.0.2.1 9 typ host", "1 1 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 9 kind host",
        "candidate:" + String(repeating: "1", count: 33) + " 1 udp 1 192.0.2.1 9 typ host",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host " + String(repeating: "x y ", count: 200),
    ])
    func malformed(line: String) {
        #expect(CandidateLine(line) == .malformed)
    }

    @Test func comesBack() {
        for text in ["192.0.2.1", "2001:db8::1"] {
            for kind in [IceCandidate.Kind.host, .serverReflexive, .peerReflexive, .relayed] {
                let candidate = IceCandidate(
                    foundation: "a+/9", priority: .max, address: TransportAddress(text, port: 65535)!, kind: kind,
                    related: kind == .host ? nil : TransportAddress("10.0.0.1", port: 7))
                #expect(CandidateLine(candidate.line) == .candidate(candidate))
            }
        }
    }

    @Test func pairsOfTheHighestPrioritiesDoNotOverflow() {
        let candidate = IceCandidate(foundation: "1", priority: .max, address: TransportAddress("192.0.2.1", port: 1)!, kind: .host)
        #expect(CandidatePair.priority(local: candidate, remote: candidate, role: .controlling) == 0x7fff_ffff << 32 + 0x7fff_ffff << 1)
        var low = candidate
        low.priority = 1
        #expect(CandidatePair.priority(local: candidate, remote: low, role: .controlling) == 1 << 32 + 0x7fff_ffff << 1 + 1)
        #expect(CandidatePair.priority(local: candidate, remote: low, role: .controlled) == 1 << 32 + 0x7fff_ffff << 1)
    }

    @Test func credentials() {
        var generator = SeededGenerator(state: 1)
        let first = IceCredentials(using: &generator)
        let second = IceCredentials(using: &generator)
        #expect(first != second && first.usernameFragment.count == 8 && first.password.count == 24)
        #expect(IceCredentials(usernameFragment: first.usernameFragment, password: first.password) == first)
        #expect(IceCredentials(usernameFragment: "abc", password: first.password) == nil)
        #expect(IceCredentials(usernameFragment: "abcd", password: String(repeating: "x", count: 21)) == nil)
        #expect(IceCredentials(usernameFragment: "ab:d", password: first.password) == nil)
        #expect(IceCredentials(usernameFragment: "abcd", password: String(repeating: "x", count: 22) + "\r\n") == nil)
    }
}
