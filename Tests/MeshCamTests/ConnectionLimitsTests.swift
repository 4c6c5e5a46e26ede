import NIOCore
import Testing

@testable import MeshCam

@Suite struct ConnectionLimitsTests {
    @Test func oneHostCannotTakeAllPlaces() {
        var limits = ConnectionLimits(total: 10, perHost: 4)
        let greedy = (0..<20).map { _ in limits.admit("10.0.0.1") }
        #expect(greedy.filter { $0 }.count == 4)
        let other = limits.admit("10.0.0.2")
        #expect(other, "there is room for others")
        limits.close("10.0.0.1")
        let again = limits.admit("10.0.0.1")
        #expect(again, "a closed connection gives its place back")
    }

    @Test func allTogetherAreBounded() {
        var limits = ConnectionLimits(total: 10, perHost: 4)
        var admitted = 0
        for host in 0..<100 where limits.admit("host \(host)") { admitted += 1 }
        for _ in 0..<100 where limits.admit(nil) { admitted += 1 }
        #expect(admitted == 10 && limits.open == 10)
        for host in 0..<10 { limits.close("host \(host)") }
        #expect(limits.open == 0 && limits.byHost.isEmpty)
    }

    @Test(arguments: [
        ("127.0.0.1", nil), ("127.8.8.8", nil), ("::1", nil), ("::ffff:127.0.0.1", nil),
        ("192.168.1.20", "192.168.1.20"), ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:db8:1:2::5", "20:1:d:b8:0:1:0:2"), ("2001:db8:1:2:ffff::9", "20:1:d:b8:0:1:0:2"), ("fe80::1", "fe:80:0:0:0:0:0:0"),
    ])
    func whatIsOneHost(address: String, host: String?) throws {
        #expect(ConnectionLimits.host(of: try SocketAddress(ipAddress: address, port: 1)) == host)
    }
}
