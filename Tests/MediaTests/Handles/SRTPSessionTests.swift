import Testing

@testable import Media

@Suite struct SRTPSessionTests {
    /// The two ends of one association, with copies instead of work in place.
    private struct Ends {
        let here: SRTPSession
        let there: SRTPSession

        init(_ profile: SRTPProfile) throws {
            let material = (0..<profile.materialBytes).map { UInt8(truncatingIfNeeded: $0 * 7) }
            here = try SRTPSession(profile, #require(SRTPKeys(material: material, profile: profile, role: .client)))
            there = try SRTPSession(profile, #require(SRTPKeys(material: material, profile: profile, role: .server)))
        }

        private static func inPlace(_ packet: [UInt8], room: Int, _ work: (UnsafeMutableRawBufferPointer, Int) throws -> Int) throws -> [UInt8] {
            var buffer = packet + [UInt8](repeating: 0, count: room)
            let count = try buffer.withUnsafeMutableBytes { try work($0, packet.count) }
            return Array(buffer.prefix(count))
        }

        func protect(_ packet: [UInt8]) throws -> [UInt8] { try Self.inPlace(packet, room: here.rtpOverhead, here.protectRTP) }
        func protect(control packet: [UInt8]) throws -> [UInt8] { try Self.inPlace(packet, room: here.rtcpOverhead, here.protectRTCP) }
        func unprotect(_ packet: [UInt8]) throws -> [UInt8] { try Self.inPlace(packet, room: 0, there.unprotectRTP) }
        func unprotect(control packet: [UInt8]) throws -> [UInt8] { try Self.inPlace(packet, room: 0, there.unprotectRTCP) }
    }

    /// Payload type 96, SSRC 0x01020304.
    private func packet(_ sequence: UInt16, _ payload: [UInt8] = Array("a picture".utf8)) -> [UInt8] {
        [0x80, 96, UInt8(sequence >> 8), UInt8(truncatingIfNeeded: sequence), 0, 0, 0, 1, 1, 2, 3, 4] + payload
    }

    /// An empty receiver report of that SSRC.
    private let report: [UInt8] = [0x80, 201, 0, 1, 1, 2, 3, 4]

    @Test(arguments: SRTPProfile.allCases) func whatIsEncryptedOpensThereAlone(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        // Over the wrap of the sequence number.
        for sequence in (65_530...65_535 as ClosedRange<UInt16>).map({ $0 }) + [0, 1, 2] {
            let sealed = try ends.protect(packet(sequence))
            #expect(sealed.count == packet(sequence).count + ends.here.rtpOverhead && Array(sealed.prefix(12)) == Array(packet(sequence).prefix(12)))
            #expect(sealed.firstRange(of: Array("picture".utf8)) == nil)
            #expect(try ends.unprotect(sealed) == packet(sequence))
        }
        let control = try ends.protect(control: report)
        #expect(try ends.unprotect(control: control) == report)
        // Nobody reads what is for the other one: each direction has its own key.
        var copy = control
        #expect(throws: SRTPSession.Failure.notGenuine) { _ = try copy.withUnsafeMutableBytes { try ends.here.unprotectRTCP($0, length: $0.count) } }
    }

    @Test(arguments: SRTPProfile.allCases) func alteredAndReplayedPacketsDoNot(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        let sealed = try ends.protect(packet(7))
        // Not the sequence number: libsrtp may take a far one for one of another rollover, which is refused all the same.
        for place in sealed.indices {
            var altered = sealed
            altered[place] ^= 1
            #expect(throws: SRTPSession.Failure.self) { try ends.unprotect(altered) }
        }
        for length in 0..<sealed.count { #expect(throws: SRTPSession.Failure.self) { try ends.unprotect(Array(sealed.prefix(length))) } }
        #expect(try ends.unprotect(sealed) == packet(7))
        #expect(throws: SRTPSession.Failure.replayed) { try ends.unprotect(sealed) }
        let control = try ends.protect(control: report)
        #expect(try ends.unprotect(control: control) == report)
        #expect(throws: SRTPSession.Failure.replayed) { try ends.unprotect(control: control) }
    }

    /// Each stream has its own numbers, and its own count of their rounds; headers may be longer than the shortest.
    @Test(arguments: SRTPProfile.allCases) func streamsDoNotDisturbEachOther(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        // A contributing source, and an extension of one word.
        func packet(_ number: Int, ssrc: UInt8) -> [UInt8] {
            [0x91, 96, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number), 0, 0, 0, 1, 1, 2, 3, ssrc, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0]
                + Array("a picture".utf8)
        }
        // The first goes round twice, the other hardly moves.
        for step in 0..<600 {
            let first = packet(30_000 + step * 250, ssrc: 1), second = packet(100 + step, ssrc: 2)
            for one in [first, second] { #expect(try ends.unprotect(ends.protect(one)) == one, "step \(step)") }
        }
    }

    /// For viewers that know no retransmission format.
    @Test(arguments: SRTPProfile.allCases) func theSamePacketMayGoOutOnceMore(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        // Within a round of sequence numbers, and from one to the next.
        for (number, next) in [(7, 8), (65_535, 0)] as [(UInt16, UInt16)] {
            let ends = number == 7 ? ends : try Ends(profile)
            let first = try ends.protect(packet(number))
            let second = try ends.protect(packet(next))
            #expect(try ends.protect(packet(number)) == first, "bit for bit")
            #expect(try ends.unprotect(first) == packet(number))
            #expect(try ends.protect(packet(next)) == second && ends.unprotect(second) == packet(next))
        }
    }

    /// A peer may name as many senders as it likes.
    @Test(arguments: SRTPProfile.allCases) func sendersAreBounded(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        func from(_ sender: UInt8) throws -> [UInt8] { try ends.protect(control: report.prefix(7) + [sender]) }
        for sender in 0..<UInt8(SRTPSession.senderLimit) { #expect(try ends.unprotect(control: from(sender)).last == sender) }
        #expect(throws: SRTPSession.Failure.notGenuine) { try ends.unprotect(control: from(UInt8(SRTPSession.senderLimit))) }
        #expect(try ends.unprotect(control: from(0)).last == 0)
    }

    @Test func keysThatAreNone() {
        #expect(SRTPKeys(material: [1], profile: .aeadAES128GCM, role: .client) == nil)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func anythingMayCome(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for profile in SRTPProfile.allCases {
            let ends = try Ends(profile)
            for number in 0..<500 as Range<UInt16> {
                var bytes = try number % 2 == 0 ? ends.protect(packet(number)) : ends.protect(control: report)
                for _ in 0..<Int.random(in: 1...5, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
                _ = try? ends.unprotect(bytes)
                _ = try? ends.unprotect(control: bytes)
            }
            #expect(try ends.unprotect(ends.protect(packet(600))) == packet(600), "seed \(seed)")
        }
    }
}
