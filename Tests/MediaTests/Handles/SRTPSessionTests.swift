import Testing

@testable import Media

@Suite struct SRTPSessionTests {
    /// The two ends of one association.
    private final class Ends {
        var here: SRTPSession
        var there: SRTPSession

        init(_ profile: SRTPProfile) throws {
            func key(_ first: UInt8) -> [UInt8] { (0..<UInt8(profile.keyBytes + profile.saltBytes)).map { $0 &+ first } }
            here = try SRTPSession(SRTPKeys(profile: profile, send: key(1), receive: key(100)))
            there = try SRTPSession(SRTPKeys(profile: profile, send: key(100), receive: key(1)))
        }
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
            let sealed = try ends.here.protect(packet(sequence))
            #expect(sealed.count == packet(sequence).count + profile.tagBytes && Array(sealed.prefix(12)) == Array(packet(sequence).prefix(12)))
            #expect(sealed.firstRange(of: Array("picture".utf8)) == nil)
            #expect(try ends.there.unprotect(sealed) == packet(sequence))
        }
        let control = try ends.here.protect(control: report)
        #expect(try ends.there.unprotect(control: control) == report)
        let strangers = try Ends(profile)
        #expect(throws: SRTPSession.Failure.notGenuine) { try strangers.here.unprotect(control) }
    }

    @Test(arguments: SRTPProfile.allCases) func alteredAndReplayedPacketsDoNot(profile: SRTPProfile) throws {
        let ends = try Ends(profile)
        let sealed = try ends.here.protect(packet(7))
        // Not the sequence number: libsrtp may take a far one for one of another rollover, which is refused all the same.
        for place in sealed.indices {
            var altered = sealed
            altered[place] ^= 1
            #expect(throws: SRTPSession.Failure.self) { try ends.there.unprotect(altered) }
        }
        for length in 0..<sealed.count { #expect(throws: SRTPSession.Failure.self) { try ends.there.unprotect(Array(sealed.prefix(length))) } }
        #expect(try ends.there.unprotect(sealed) == packet(7))
        #expect(throws: SRTPSession.Failure.replayed) { try ends.there.unprotect(sealed) }
        let control = try ends.here.protect(control: report)
        #expect(try ends.there.unprotect(control: control) == report)
        #expect(throws: SRTPSession.Failure.replayed) { try ends.there.unprotect(control: control) }
    }

    @Test func inPlace() throws {
        let ends = try Ends(.aeadAES128GCM)
        let plain = packet(9)
        var buffer = plain + [UInt8](repeating: 0xee, count: SRTPSession.trailerBytes + 5)
        let count = try buffer.withUnsafeMutableBytes { try ends.here.protect($0, count: plain.count) }
        #expect(count == plain.count + 16)
        #expect(try ends.there.unprotect(Array(buffer.prefix(count))) == plain)
    }

    @Test func keysThatAreNone() {
        #expect(throws: MediaError.self) { _ = try SRTPSession(SRTPKeys(profile: .aeadAES128GCM, send: [1], receive: [])) }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func anythingMayCome(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for profile in SRTPProfile.allCases {
            let ends = try Ends(profile)
            for number in 0..<500 as Range<UInt16> {
                var bytes = try number % 2 == 0 ? ends.here.protect(packet(number)) : ends.here.protect(control: report)
                for _ in 0..<Int.random(in: 1...5, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
                _ = try? ends.there.unprotect(bytes)
                _ = try? ends.there.unprotect(control: bytes)
            }
            #expect(try ends.there.unprotect(ends.here.protect(packet(600))) == packet(600), "seed \(seed)")
        }
    }
}
