import Testing

@testable import Media

@Suite struct RTPPacketTests {
    /// The figure of RFC 3550 §5.1, filled in by hand.
    @Test func everyFieldHasItsPlace() throws {
        let bytes: [UInt8] = [
            0b1011_0010, 0b1110_0000, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04, 0, 0, 0, 7, 0, 0, 0, 8,
            0xbe, 0xde, 0, 1, 0x32, 0xaa, 0xbb, 0xcc, 1, 2, 3, 0, 0, 3,
        ]
        let packet = try #require(RTPPacket(bytes[...]))
        #expect(packet.header.marker && packet.header.payloadType == 96 && packet.header.sequenceNumber == 0x1234)
        #expect(packet.header.timestamp == 0xdead_beef && packet.header.ssrc == 0x0102_0304 && packet.header.csrcs == [7, 8])
        #expect(packet.header.extensions[3] == [0xaa, 0xbb, 0xcc])
        #expect(packet.payload == [1, 2, 3], "three bytes of padding, the last of which says so")
    }

    /// The example of RFC 8285 §4.2: elements of one, one and four bytes, with padding between and after them.
    @Test func oneByteExtensions() {
        let body: [UInt8] = [0x10, 0xa1, 0x21, 0xb1, 0xb2, 0x00, 0x00, 0x33, 0xc1, 0xc2, 0xc3, 0xc4]
        let extensions = RTPHeaderExtensions(profile: 0xbede, body: body[...])
        #expect(extensions.elements == [.init(id: 1, data: [0xa1]), .init(id: 2, data: [0xb1, 0xb2]), .init(id: 3, data: [0xc1, 0xc2, 0xc3, 0xc4])])
    }

    /// The example of RFC 8285 §4.3: elements of no, one and four bytes.
    @Test func twoByteExtensions() {
        let body: [UInt8] = [0x01, 0x00, 0x02, 0x01, 0xb1, 0x00, 0x03, 0x04, 0xc1, 0xc2, 0xc3, 0xc4]
        let extensions = RTPHeaderExtensions(profile: 0x1000, body: body[...])
        #expect(extensions.elements == [.init(id: 1, data: []), .init(id: 2, data: [0xb1]), .init(id: 3, data: [0xc1, 0xc2, 0xc3, 0xc4])])
    }

    @Test func theReservedIdentifierEndsTheList() {
        let body: [UInt8] = [0x10, 0xa1, 0xf0, 0x00, 0x20, 0xb1]
        #expect(RTPHeaderExtensions(profile: 0xbede, body: body[...]).elements == [.init(id: 1, data: [0xa1])])
    }

    @Test(arguments: [
        [RTPHeaderExtensions.Element(id: 1, data: [1])], [.init(id: 14, data: [UInt8](repeating: 9, count: 16))],
        [.init(id: 15, data: [1]), .init(id: 200, data: [])], [.init(id: 3, data: [UInt8](repeating: 5, count: 255))], [],
    ])
    func extensionsComeBack(elements: [RTPHeaderExtensions.Element]) {
        let header = RTPHeader(payloadType: 96, sequenceNumber: 65535, timestamp: .max, ssrc: 1, extensions: RTPHeaderExtensions(elements))
        let packet = RTPPacket(header: header, payload: [1, 2])
        #expect(RTPPacket(packet.bytes[...]) == packet)
    }

    @Test func whatIsNoPacketIsRefused() {
        let packet = RTPPacket(header: RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3), payload: [1, 2, 3, 4]).bytes
        for length in 0..<12 { #expect(RTPPacket(packet.prefix(length)) == nil, "\(length) bytes") }
        for version: UInt8 in [0, 1, 3] {
            var other = packet
            other[0] = version << 6
            #expect(RTPPacket(other[...]) == nil)
        }
        // Padding of more bytes than there are, and of none.
        for padding: UInt8 in [0, 5, 255] {
            var padded = packet
            padded[0] |= 0x20
            padded[15] = padding
            #expect(RTPPacket(padded[...]) == nil, "\(padding)")
        }
        var extended = packet
        extended[0] |= 0x10
        extended[14] = 0xff
        #expect(RTPPacket(extended[...]) == nil, "an extension longer than the packet")
    }

    @Test func isTotalOnAnything() {
        var extensions = RTPHeaderExtensions([.init(id: 1, data: [1, 2]), .init(id: 2, data: [3])])
        let short = RTPPacket(
            header: RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, extensions: extensions), payload: [5, 6, 7]).bytes
        extensions.elements.append(.init(id: 99, data: []))
        let long = RTPPacket(
            header: RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, extensions: extensions), payload: [5, 6, 7]).bytes
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var read = 0
            for round in 0..<3000 {
                let bytes = mutator.mutate(round % 2 == 0 ? short : long)
                guard let packet = RTPPacket(bytes[...]) else { continue }
                read += 1
                #expect(packet.payload.count <= bytes.count - 12, "seed \(seed): \(bytes)")
                #expect(RTPPacket(packet.bytes[...])?.payload == packet.payload, "seed \(seed): \(bytes)")
            }
            #expect(read > 300, "seed \(seed): the mutator must leave something to read")
        }
    }

    /// The template writes what the general writer would.
    @Test(arguments: [UInt8(3), 14, 15, 200])
    func theTemplateIsAHeader(id: UInt8) throws {
        let template = RTPHeaderTemplate(
            ssrc: 0x0102_0304, payloadType: 102, ids: .init(transportSequence: id, playoutDelay: 5, mid: 7), mid: "0")
        var bytes: [UInt8] = [0xff]
        template.write(marker: true, sequenceNumber: 65535, timestamp: .max, transportSequence: 0xabcd, to: &bytes)
        #expect(bytes.count == 1 + template.byteCount)
        let header = try #require(RTPPacket(bytes.dropFirst())).header
        let expected = RTPHeaderExtensions([.init(id: id, data: [0xab, 0xcd]), .init(id: 5, data: [0, 0, 0]), .init(id: 7, data: [0x30])])
        #expect(
            header
                == RTPHeader(marker: true, payloadType: 102, sequenceNumber: 65535, timestamp: .max, ssrc: 0x0102_0304, extensions: expected))
        bytes = []
        template.write(marker: false, sequenceNumber: 0, timestamp: 0, transportSequence: 0, to: &bytes)
        #expect(bytes[1] == 102, "nothing stays of the packet before")
    }

    @Test func aTemplateWithoutExtensionsIsTwelveBytes() {
        let template = RTPHeaderTemplate(ssrc: 1, payloadType: 96)
        var bytes: [UInt8] = []
        template.write(marker: false, sequenceNumber: 2, timestamp: 3, transportSequence: 4, to: &bytes)
        #expect(bytes == [0x80, 96, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1])
    }

    @Test func playoutDelayIsTwiceTwelveBits() {
        #expect(PlayoutDelay.none.data == [0, 0, 0])
        let delay = PlayoutDelay(minimum: .milliseconds(100), maximum: .milliseconds(40_950))
        #expect(delay.data == [0x00, 0xaf, 0xff])
        #expect(PlayoutDelay(delay.data) == delay)
        #expect(PlayoutDelay(minimum: .seconds(-1), maximum: .seconds(99)).data == [0x00, 0x0f, 0xff])
        #expect(PlayoutDelay(minimum: .seconds(1), maximum: .zero).data == [0x06, 0x40, 0x64], "never less than the minimum")
        #expect(PlayoutDelay([0, 0]) == nil)
    }
}
