import Testing

@testable import Media

@Suite struct H264PacketizerTests {
    private static let sps: [UInt8] = [0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01, 0x40]
    private static let pps: [UInt8] = [0x68, 0xce, 0x38, 0x80]

    private func annexB(_ units: [[UInt8]]) -> [UInt8] { units.flatMap { [0, 0, 0, 1] + $0 } }

    private func accessUnit(_ units: [[UInt8]], key: Bool = false, pts90k: Int64 = 0) -> AccessUnit {
        AccessUnit(
            codec: .h264, bytes: SharedBytes(annexB(units)), pts90k: pts90k, duration90k: 3000, isKeyFrame: key, captured: at(0))
    }

    /// A NAL unit that no start code can be found in.
    private func slice(_ head: UInt8, _ count: Int) -> [UInt8] { [head] + (1..<count).map { UInt8($0 % 251 + 1) } }

    private func packetized(_ packetizer: inout H264Packetizer, _ unit: AccessUnit) throws -> PacketizedAccessUnit {
        let result = packetizer.packetize(unit)
        return try #require(result)
    }

    private func payloads(_ unit: PacketizedAccessUnit) -> [[UInt8]] { (0..<unit.count).map { Array(unit.payload($0)) } }

    @Test func whatFitsGoesAlone() throws {
        var packetizer = H264Packetizer(payloadLimitBytes: 100)
        let unit = try packetized(&packetizer, accessUnit([slice(0x41, 100)]))
        #expect(payloads(unit) == [slice(0x41, 100)])
        #expect(unit.isMarked(0) && !unit.isKeyFrame && !unit.isDisposable)
    }

    /// RFC 6184 §5.7.1: header with the highest NRI, then each unit after its size.
    @Test func smallOnesShareAPacket() throws {
        var packetizer = H264Packetizer(payloadLimitBytes: 100)
        let unit = try packetized(&packetizer, accessUnit([Self.sps, Self.pps, [0x06, 5, 1, 0x80], slice(0x65, 200)], key: true))
        #expect(payloads(unit)[0] == [0x78, 0, 7] + Self.sps + [0, 4] + Self.pps + [0, 4, 0x06, 5, 1, 0x80])
        #expect(unit.count == 4 && unit.isKeyFrame)
        #expect((0..<4).map(unit.isMarked) == [false, false, false, true])
    }

    /// RFC 6184 §5.8: indicator with F and NRI of the unit, header with its type, start and end bits.
    @Test func largeOnesAreCut() throws {
        var packetizer = H264Packetizer(payloadLimitBytes: 100)
        let nal = slice(0x41, 101)
        let unit = try packetized(&packetizer, accessUnit([nal]))
        #expect(payloads(unit) == [[0x5c, 0x81] + nal[1...98], [0x5c, 0x41] + nal[99...]])
        // All but the last are equally long, whatever the length.
        for length in [101, 197, 198, 199, 295, 1000] {
            let unit = try packetized(&packetizer, accessUnit([slice(0x41, length)]))
            #expect((0..<unit.count - 1).allSatisfy { unit.byteCount(of: $0) == 100 }, "\(length)")
            #expect(unit.byteCount(of: unit.count - 1) > 2, "\(length): no empty fragment")
        }
    }

    @Test func everyKeyFrameHasItsParameterSets() throws {
        var packetizer = H264Packetizer()
        let bare = accessUnit([slice(0x65, 50)], key: true)
        #expect(payloads(try packetized(&packetizer, bare)) == [slice(0x65, 50)], "none known yet")
        _ = packetizer.packetize(accessUnit([Self.sps, Self.pps, slice(0x65, 50)], key: true))
        let completed = try packetized(&packetizer, bare)
        #expect(payloads(completed) == [[0x78, 0, 7] + Self.sps + [0, 4] + Self.pps + [0, 50] + slice(0x65, 50)])
        let next = try packetized(&packetizer, accessUnit([slice(0x41, 50)]))
        #expect(payloads(next) == [slice(0x41, 50)], "other pictures need none")
    }

    @Test func delimitersAndFillingStayAtHome() throws {
        var packetizer = H264Packetizer()
        let unit = try packetized(&packetizer, accessUnit([[0x09, 0xf0], slice(0x01, 20), [0x0c, 0xff, 0x80], [0x18, 1], [0x0b]]))
        #expect(payloads(unit) == [slice(0x01, 20)])
        #expect(unit.isDisposable, "nal_ref_idc 0")
        #expect(packetizer.packetize(accessUnit([[0x09, 0xf0], Self.sps])) == nil, "no picture")
        var opus = accessUnit([slice(0x41, 20)])
        opus.codec = .opus
        #expect(packetizer.packetize(opus) == nil)
    }

    /// What goes through packets comes back byte for byte, at every awkward sequence number.
    @Test(arguments: SequenceNumberTests.awkward)
    func roundTrip(start: UInt16) throws {
        var generator = SeededGenerator(state: UInt64(start))
        for _ in 0..<40 {
            var packetizer = H264Packetizer(payloadLimitBytes: .random(in: 16...1200, using: &generator))
            var depacketizer = H264Depacketizer()
            var sequence = start &- 8
            for picture in 0..<4 {
                let key = picture == 0
                var units: [[UInt8]] = key ? [Self.sps, Self.pps] : []
                for _ in 0..<Int.random(in: 1...5, using: &generator) {
                    units.append(slice(key ? 0x65 : 0x41, .random(in: 2...3000, using: &generator)))
                }
                let unit = try packetized(&packetizer, accessUnit(units, key: key, pts90k: Int64(picture) * 3000))
                var result: H264Depacketizer.Picture?
                for index in 0..<unit.count {
                    #expect(result == nil)
                    #expect(unit.byteCount(of: index) <= packetizer.payloadLimitBytes)
                    let header = RTPHeader(
                        marker: unit.isMarked(index), payloadType: 96, sequenceNumber: sequence, timestamp: UInt32(picture) * 3000 &- 1, ssrc: 1)
                    sequence &+= 1
                    result = depacketizer.handle(RTPPacket(header: header, payload: unit.payload(index)))
                }
                #expect(result == .init(bytes: annexB(units), timestamp: UInt32(picture) * 3000 &- 1, isKeyFrame: key))
            }
        }
    }

    @Test func aPictureWithAHoleIsLeftOut() throws {
        var packetizer = H264Packetizer(payloadLimitBytes: 100)
        let unit = try packetized(&packetizer, accessUnit([slice(0x65, 500)], key: true))
        for lost in 0..<unit.count {
            var depacketizer = H264Depacketizer()
            // A picture before, so that a missing first packet is seen.
            _ = depacketizer.handle(
                RTPPacket(header: RTPHeader(marker: true, payloadType: 96, sequenceNumber: 65535, timestamp: 0, ssrc: 1), payload: [0x41, 1]))
            for index in 0..<unit.count where index != lost {
                let header = RTPHeader(
                    marker: unit.isMarked(index), payloadType: 96, sequenceNumber: UInt16(index), timestamp: 3000, ssrc: 1)
                #expect(depacketizer.handle(RTPPacket(header: header, payload: unit.payload(index))) == nil, "packet \(lost) lost")
            }
        }
    }

    @Test func theDepacketizerIsTotalOnAnything() throws {
        var packetizer = H264Packetizer(payloadLimitBytes: 60)
        let unit = try packetized(&packetizer, accessUnit([Self.sps, Self.pps, slice(0x65, 500)], key: true))
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var depacketizer = H264Depacketizer()
            var pictures = 0
            for round in 0..<3000 {
                let index = round % unit.count
                let payload = round % 40 < 30 ? Array(unit.payload(index)) : mutator.mutate(Array(unit.payload(index)))
                let header = RTPHeader(
                    marker: unit.isMarked(index), payloadType: 96, sequenceNumber: UInt16(truncatingIfNeeded: round),
                    timestamp: UInt32(round / unit.count), ssrc: 1)
                if let picture = depacketizer.handle(RTPPacket(header: header, payload: payload[...])) {
                    pictures += 1
                    #expect(picture.bytes.starts(with: [0, 0, 0, 1]), "seed \(seed)")
                }
            }
            #expect(pictures > 50, "seed \(seed): \(pictures)")
        }
    }

    @Test func thePacketizerIsTotalOnAnything() {
        let original = annexB([Self.sps, Self.pps, slice(0x65, 300)])
        for seed in ByteMutator.seeds {
            var mutator = ByteMutator(seed: seed)
            var packetizer = H264Packetizer(payloadLimitBytes: 50)
            for _ in 0..<1000 {
                var unit = accessUnit([], key: true)
                unit.bytes = SharedBytes(mutator.mutate(original))
                guard let packets = packetizer.packetize(unit) else { continue }
                #expect((0..<packets.count).allSatisfy { (1...50).contains(packets.byteCount(of: $0)) }, "seed \(seed)")
            }
        }
    }
}
