import Testing

@testable import Media

@Suite struct TransportAddressTests {
    /// RFC 4291 §2.2 and RFC 5952 §4: what is read, and the one form in which it is written.
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("::", "::"), ("::1", "::1"), ("fe80::", "fe80::"), ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ("1::8", "1::8"),
    ])
    func readAndWritten(text: String, canonical: String) throws {
        let address = try #require(TransportAddress(text, port: 9))
        #expect(address.host == canonical)
        #expect(TransportAddress(canonical, port: 9) == address)
        #expect(TransportAddress(bytes: address.bytes, port: 9) == address)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.+4", "01.2.3.0004", "::1::", ":::", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8", "12345::", "g::", "::1.2.3", "+1::", "name.local", "fe80::1%eth0", ":", "1:",
    ])
    func refused(text: String) {
        #expect(TransportAddress(text, port: 9) == nil)
    }

    /// As the kernel has them (RFC 4291 §2.5.5.2).
    @Test(arguments: [
        ("192.0.2.7", 0, 0xffff_c000_0207, 0), ("0.0.0.0", 0, 0xffff_0000_0000, 0), ("fe80::1", 0xfe80_0000_0000_0000, 1, 3), ("::1", 0, 1, 0), ("::", 0, 0, 0),
        ("::fffe:1:2", 0, 0xfffe_0001_0002, 0),
    ] as [(String, UInt64, UInt64, UInt32)])
    func mapped(text: String, high: UInt64, low: UInt64, zone: UInt32) throws {
        var address = try #require(TransportAddress(text, port: 5))
        address.zone = zone
        #expect(TransportAddress(mapped: high, low, port: 5, zone: zone) == address)
        #expect(address.mapped == (high, low))
    }

    @Test func aMappedAddressHasNoZone() { #expect(TransportAddress(mapped: 0, 0xffff_c000_0207, port: 5, zone: 9).zone == 0) }

    @Test func kinds() {
        #expect(TransportAddress("127.0.0.2", port: 1)!.isLoopback && TransportAddress("::1", port: 1)!.isLoopback)
        #expect(TransportAddress("169.254.1.1", port: 1)!.isLinkLocal && TransportAddress("febf::1", port: 1)!.isLinkLocal)
        #expect(!TransportAddress("fec0::1", port: 1)!.isLinkLocal && !TransportAddress("10.0.0.1", port: 1)!.isLinkLocal)
        for text in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"] { #expect(!TransportAddress(text, port: 1)!.isUsable, "\(text)") }
        #expect(!TransportAddress("10.0.0.1", port: 0)!.isUsable && TransportAddress("10.0.0.1", port: 1)!.isUsable)
        #expect(TransportAddress("10.0.0.1", port: 1) != TransportAddress("::a00:1", port: 1), "the family is part of it")
        #expect("\(TransportAddress("::1", port: 5)!)" == "[::1]:5" && "\(TransportAddress("10.0.0.1", port: 5)!)" == "10.0.0.1:5")
    }
}
