import NIOCore
import Testing

@testable import MeshCam

@Suite struct ConnectionLimitsTests {
    private func host(_ number: UInt8) -> ConnectionLimits.Host { .address([10, 0, 0, number]) }

    /// Whoever opens connections and says nothing loses the oldest of its own, and takes nobody else's place.
    @Test func aSilentHostLosesItsOwn() {
        var limits = ConnectionLimits(total: 10, perHost: 4)
        let other = limits.open(0, from: host(2))
        #expect(other == .admitted)
        let decisions = (1...6).map { limits.open($0, from: host(1)) }
        #expect(decisions == [.admitted, .admitted, .admitted, .admitted, .admittedFor(1), .admittedFor(2)])
        #expect(limits.count == 5)
    }

    /// Requests under way are never cut for a newcomer.
    @Test func onlyWhatWaitsMakesRoom() {
        var limits = ConnectionLimits(total: 3, perHost: 3)
        for number in 1...3 { _ = limits.open(number, from: host(UInt8(number))) }
        limits.set(1, busy: true)
        limits.set(2, busy: true)
        let first = limits.open(4, from: host(9))
        #expect(first == .admittedFor(3))
        limits.set(4, busy: true)
        let second = limits.open(5, from: host(9))
        #expect(second == .refused)
        limits.set(2, busy: false)
        let third = limits.open(6, from: host(9))
        #expect(third == .admittedFor(2))
        limits.close(1)
        let fourth = limits.open(7, from: host(9))
        #expect(fourth == .admitted)
    }

    /// However many other machines there are, `meshcam status` on this one gets in.
    @Test func thisMachineHasItsOwnPlaces() {
        var limits = ConnectionLimits(total: 2, perHost: 2)
        for number in 1...2 {
            _ = limits.open(number, from: host(UInt8(number)))
            limits.set(number, busy: true)
        }
        let local = (3...4).map { limits.open($0, from: .loopback) }
        #expect(local == [.admitted, .admitted])
        let remote = limits.open(5, from: host(7))
        #expect(remote == .refused)
    }

    @Test(arguments: [
        ("127.0.0.1", ConnectionLimits.Host.loopback), ("127.8.8.8", .loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback),
        ("192.168.1.20", .address([192, 168, 1, 20])), ("::ffff:192.168.1.20", .address([192, 168, 1, 20])),
        ("fe80::1:2", .address([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2])),
        ("fd00::5", .address([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5])),
        ("2001:db8:1:2::5", .prefix([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2])), ("2001:db8:1:2:ffff::9", .prefix([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2])),
    ])
    func whoCountsAsOneHost(address: String, host: ConnectionLimits.Host) throws {
        #expect(ConnectionLimits.Host(try SocketAddress(ipAddress: address, port: 1)) == host)
    }
}
