import Foundation
import Testing

@testable import Storage

@Suite struct RFC3339Tests {
    /// The first five are the examples of RFC 3339, section 5.8; seconds since 1970 by GNU date.
    @Test(arguments: [
        ("1985-04-12T23:20:50.52Z", 482_196_050.52),
        ("1996-12-19T16:39:57-08:00", 851_042_397.0),
        ("1990-12-31T23:59:60Z", 662_688_000.0),
        ("1990-12-31T15:59:60-08:00", 662_688_000.0),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172.13),
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T12:00:00z", 951_825_600),
        ("2026-11-20 12:34:56.789123456789Z", 1_795_178_096.789123456),
        ("1969-12-31t23:59:59.999Z", -0.001),
        ("0000-01-01T00:00:00Z", -62_167_219_200),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func reads(_ text: String, _ seconds: Double) throws {
        let date = try #require(RFC3339.parse(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 1e-6)
    }

    @Test(arguments: [
        "", "2026", "2026-11-20", "2026-11-20T12:34:56", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T12:60:00Z", "2026-11-20T12:00:61Z",
        "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00Zx", "2026-11-20T12:00:00+0100", "2026-11-20T12:00:00+24:00",
        "+026-11-20T12:00:00Z", "2026-11-20T12:00:00.5", "２026-11-20T12:00:00Z",
    ])
    func refuses(_ text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_795_178_096.789, "2026-11-20T12:34:56.789Z"),
        (951_868_799.9996, "2000-03-01T00:00:00.000Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"),
        (-62_167_219_200, "0000-01-01T00:00:00.000Z"),
        (1e300, "9999-12-31T23:59:59.999Z"),
        (-Double.infinity, "0000-01-01T00:00:00.000Z"),
        (Double.nan, "1970-01-01T00:00:00.000Z"),
    ])
    func writes(_ seconds: Double, _ text: String) {
        #expect(RFC3339.format(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test func whatIsWrittenReadsBackToTheMillisecond() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed)
        for _ in 0..<2000 {
            let milliseconds = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random)
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let back = RFC3339.parse(RFC3339.format(date))
            #expect(
                back.map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) } == milliseconds, "seed \(seed)")
        }
    }

    @Test func anyTextIsReadOrRefused() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed)
        let alphabet = ["2026", "-", "11", ":", "T", "Z", ".", "9999999999", "+", "00", "é", " "]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
            guard let date = RFC3339.parse(text) else { continue }
            #expect(RFC3339.parse(RFC3339.format(date)) != nil, "seed \(seed): \(text)")
        }
    }
}
