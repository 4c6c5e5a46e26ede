import Testing

@testable import Media

@Suite struct RTCPPacketTests {
    static let one: [RTCPPacket] = [
        .senderReport(
            SenderReport(
                ssrc: 1, ntp: NTPTimestamp(bits: 0x0102_0304_0506_0708), rtpTimestamp: .max, packetCount: 5, octetCount: 6,
                blocks: [ReportBlock(ssrc: 9, fractionLost: 255, cumulativeLost: -3, highestSequence: .max, jitter: 4)])),
        .receiverReport(
            ReceiverReport(
                ssrc: 2, blocks: [ReportBlock(ssrc: 9, cumulativeLost: 0x7f_ffff), ReportBlock(ssrc: 10, cumulativeLost: -0x80_0000)])),
        .sourceDescription(SourceDescription([.init(ssrc: 3, cname: "abcde"), .init(ssrc: 4, cname: "ab"), .init(ssrc: 5, cname: "")])),
        .goodbye(Goodbye(ssrcs: [6, 7], reason: "enough")),
        .goodbye(Goodbye(ssrcs: [8])),
        .nack(GenericNACK(senderSSRC: 1, mediaSSRC: 2, sequenceNumbers: [65534, 65535, 0, 14, 15, 100])),
        .pictureLoss(PictureLossIndication(senderSSRC: 1, mediaSSRC: 2)),
        .fullIntraRequest(FullIntraRequest(senderSSRC: 1, entries: [.init(ssrc: 2, sequenceNumber: 255)])),
        .estimatedMaximumBitRate(ReceiverEstimatedMaximumBitRate(senderSSRC: 1, bitRate: 0x3_ffff << 3, ssrcs: [2, 3])),
        .transportFeedback(
            TransportFeedback(
                senderSSRC: 1, mediaSSRC: 2, baseSequence: 65530, referenceTime: -2, feedbackCount: 255,
                arrivals: [0, nil, 255, 511, 500, nil, nil, nil, nil, nil, nil, nil, nil, 30_000])),
    ]

    @Test(arguments: one)
    func comesBack(packet: RTCPPacket) {
        let bytes = RTCPPacket.bytes(of: [packet])
        #expect(bytes.count % 4 == 0)
        #expect(RTCPPacket.compound(in: bytes[...]) == [packet])
    }

    @Test func aCompoundIsReadInOrderAndTheUnknownSkipped() {
        let unknown: [UInt8] = [0x81, 204, 0, 2, 0, 0, 0, 1, 0x61, 0x62, 0x63, 0x64]
        let bytes = RTCPPacket.bytes(of: Self.one) + unknown + RTCPPacket.bytes(of: [Self.one[6]])
        #expect(RTCPPacket.compound(in: bytes[...]) == Self.one + [Self.one[6]])
    }

    @Test func whatClaimsTooMuchEndsTheReading() {
        var bytes = RTCPPacket.bytes(of: [Self.one[6], Self.one[6]])
        bytes[15] = 3
        #expect(RTCPPacket.compound(in: bytes[...]) == [Self.one[6]])
        // A hundred packets are not worth anybody's time.
        let many = RTCPPacket.bytes(of: Array(repeating: Self.one[6], count: 100))
        #expect(RTCPPacket.compound(in: many[...]).count == RTCPPacket.compoundLimit)
    }

    @Test func paddingIsTakenOff() {
        // Version 2 with padding; the last byte counts four.
        let bytes: [UInt8] = [0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]
        #expect(RTCPPacket.compound(in: bytes[...]) == [.pictureLoss(.init(senderSSRC: 1, mediaSSRC: 2))])
        for padding: UInt8 in [0, 13] {
            var wrong = bytes
            wrong[15] = padding
            #expect(RTCPPacket.compound(in: wrong[...]).isEmpty)
        }
    }

    /// RFC 4585 §6.2.1: PID and the mask of the 16 that follow, bit 0 being the next number.
    @Test(arguments: SequenceNumberTests.awkward)
    func nackMasksWrap(start: UInt16) {
        let numbers = (0..<17).map { start &+ UInt16($0) }
        let packet = RTCPPacket.nack(GenericNACK(senderSSRC: 0x0a0b_0c0d, mediaSSRC: 2, sequenceNumbers: numbers))
        let bytes = RTCPPacket.bytes(of: [packet])
        #expect(bytes.prefix(4) == [0x81, 205, 0, 3] && bytes.suffix(2) == [0xff, 0xff], "one pair says seventeen numbers")
        #expect(RTCPPacket.compound(in: bytes[...]) == [packet])
    }

    /// RFC 3550 §6.4.1, figure 2: the report arrives at 46864.500 s, DLSR is 5.250 s, LSR 46853.125 s; the round trip took 6.125 s.
    @Test func roundTripOfTheStandardsExample() {
        let block = ReportBlock(ssrc: 1, lastSenderReport: 0xb705_2000, delaySinceLastSenderReport: 0x0005_4000)
        #expect(block.roundTrip(now: 0xb710_8000) == .milliseconds(6125))
        #expect(ReportBlock(ssrc: 1).roundTrip(now: 0xb710_8000) == nil, "no report yet")
        #expect(block.roundTrip(now: 0xb705_2000) == nil, "an answer before the question")
    }

    /// The wall time of that example: 1995-11-10 11:33:25.125 UTC is 0xb44db705:20000000.
    @Test func ntpOfTheStandardsExample() {
        let unixTime = Duration.seconds(816_003_205) + .milliseconds(125)
        #expect(NTPTimestamp(unixTime: unixTime).bits == 0xb44d_b705_2000_0000)
        #expect(NTPTimestamp(unixTime: unixTime).middle == 0xb705_2000)
        #expect(NTPTimestamp(unixTime: .zero).bits == 0x83aa_7e80_0000_0000, "1970-01-01 (RFC 868)")
        #expect(NTPTimestamp(unixTime: .milliseconds(-500)).bits == 0x83aa_7e7f_8000_0000)
    }

    @Test(arguments: [UInt64(0), 1, 0x3_ffff, 0x4_0000, 1_000_000, 1 << 40, .max])
    func rembKeepsEighteenBits(bitRate: UInt64) throws {
        let packet = RTCPPacket.estimatedMaximumBitRate(.init(senderSSRC: 1, bitRate: bitRate, ssrcs: []))
        guard case .estimatedMaximumBitRate(let read)? = RTCPPacket.compound(in: RTCPPacket.bytes(of: [packet])[...]).first else {
            Issue.record("not read")
            return
        }
        #expect(read.bitRate <= bitRate && bitRate - read.bitRate <= bitRate >> 17)
    }

    @Test func rembThatOverflowsIsTheLargestNumber() {
        let bytes: [UInt8] = [0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 0, 0xff, 0xff, 0xff]
        #expect(RTCPPacket.compound(in: bytes[...]) == [.estimatedMaximumBitRate(.init(senderSSRC: 1, bitRate: .max, ssrcs: []))])
    }

    @Test func isTotalOnAnything() {
        let compound = RTCPPacket.bytes(of: Self.one)
        let packets = Self.one.map { RTCPPacket.bytes(of: [$0]) } + [compound]
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var read = 0
            for round in 0..<5000 {
                let bytes = mutator.mutate(packets[round % packets.count])
                let understood = RTCPPacket.compound(in: bytes[...])
                read += understood.count
                #expect(understood.count <= RTCPPacket.compoundLimit, "seed \(seed): \(bytes)")
                // Whatever was understood can be said again.
                #expect(RTCPPacket.compound(in: RTCPPacket.bytes(of: understood)[...]).count == understood.count, "seed \(seed): \(bytes)")
            }
            #expect(read > 1000, "seed \(seed): the mutator must leave something to read")
        }
    }
}
