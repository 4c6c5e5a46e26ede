import Testing

@testable import Media

@Suite struct TransportFeedbackTests {
    private func feedback(_ arrivals: [Int32?], base: UInt16 = 0) -> TransportFeedback {
        TransportFeedback(senderSSRC: 1, mediaSSRC: 2, baseSequence: base, referenceTime: 7, feedbackCount: 0, arrivals: arrivals)
    }

    private func read(_ bytes: [UInt8]) -> TransportFeedback? {
        guard case .transportFeedback(let feedback)? = RTCPPacket.compound(in: bytes[...]).first else { return nil }
        return feedback
    }

    private func message(count: UInt16, _ chunksAndDeltas: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        RTCPHeader.append(count: TransportFeedback.format, packetType: 205, to: &bytes) { bytes in
            bytes.append(bigEndian: UInt32(1))
            bytes.append(bigEndian: UInt32(2))
            bytes.append(bigEndian: UInt16(100))
            bytes.append(bigEndian: count)
            bytes.append(bigEndian24: 0xff_fffe)
            bytes.append(9)
            bytes += chunksAndDeltas
        }
        return bytes
    }

    /// The chunk examples of draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.3 and §3.1.4.
    @Test func theDraftsChunks() throws {
        // 221 packets not received.
        #expect(read(message(count: 221, [0x00, 0xdd]))?.arrivals == Array(repeating: nil, count: 221))
        // 24 packets received with a delta of two bytes.
        let run = try #require(read(message(count: 24, [0x40, 0x18] + Array(repeating: [0xff, 0xff], count: 24).joined())))
        #expect(run.arrivals == (1...24).map { -$0 } && run.referenceTime == -2 && run.baseSequence == 100 && run.feedbackCount == 9)
        // One lost, five received, three lost, three received, two lost.
        let bits = try #require(read(message(count: 14, [0x9f, 0x1c, 1, 1, 1, 1, 1, 1, 1, 1])))
        #expect(bits.arrivals == [nil, 1, 2, 3, 4, 5, nil, nil, nil, 6, 7, 8, nil, nil])
        // One lost, one with a large delta, three with small ones, two lost.
        let pairs = try #require(read(message(count: 7, [0xc9, 0x50, 0x01, 0x00, 1, 1, 1])))
        #expect(pairs.arrivals == [nil, 256, 257, 258, 259, nil, nil])
    }

    @Test func whatContradictsItselfIsRefused() {
        #expect(read(message(count: 0, [])) == nil, "about no packet")
        #expect(read(message(count: 9000, [0x1f, 0xff, 0x1f, 0xff])) == nil, "about more than anybody reports on")
        #expect(read(message(count: 15, [0x9f, 0x1c])) == nil, "too few chunks")
        #expect(read(message(count: 3, [0x60, 0x03])) == nil, "the reserved symbol")
        #expect(read(message(count: 4, [0x00, 0x00, 0x00, 0x04])) == nil, "a run of nothing")
        #expect(read(message(count: 8, [0x20, 0x08, 1, 1])) == nil, "too few deltas")
    }

    @Test(arguments: ByteMutator.seeds)
    func anyPatternComesBack(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<300 {
            let wide = Int.random(in: 0...2, using: &generator)
            let lossy = Double.random(in: 0...1, using: &generator)
            var time: Int32 = 0
            let arrivals: [Int32?] = (0..<Int.random(in: 1...400, using: &generator)).map { _ in
                guard Double.random(in: 0..<1, using: &generator) > lossy else { return nil }
                time += wide == 0 ? .random(in: 0...255, using: &generator) : .random(in: -300...300, using: &generator)
                return time
            }
            let original = feedback(arrivals, base: .random(in: 0 ... .max, using: &generator))
            #expect(read(RTCPPacket.bytes(of: [.transportFeedback(original)])) == original, "seed \(seed)")
        }
    }
}
