import Foundation
import Storage
import Testing

@testable import MeshCam

@Suite struct TextTableTests {
    @Test func alignsByColumnsNotCharacters() {
        var table = TextTable(("NAME", .left), ("SIZE", .right), ("NOTE", .left))
        table.add(["porch", "1 B", "x"])
        table.add(["玄関", "12.3 MiB"])
        table.add(["e\u{301}té", "", "y", "surplus"])
        #expect(
            table.render() == """
                NAME       SIZE  NOTE
                porch       1 B  x
                玄関   12.3 MiB
                e\u{301}té              y
                """)
    }

    @Test func nothingInACellControlsTheTerminal() {
        var table = TextTable(("NAME", .left))
        table.add(["a\u{1B}[31mb\nc\u{202E}"])
        #expect(table.render() == "NAME\na\u{FFFD}[31mb\u{FFFD}c\u{FFFD}")
    }

    @Test func widths() {
        #expect(Terminal.columns("abc") == 3)
        #expect(Terminal.columns("한국") == 4)
        #expect(Terminal.columns("🎥") == 2)
        #expect(Terminal.columns("👨‍👩‍👧") == 2)
        #expect(Terminal.columns("é") == 1)
    }
}

@Suite struct WordingTests {
    @Test(arguments: [
        (0.0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"), (86_400, "1 day"),
        (200_000, "2 days"), (-1, "unknown"), (.nan, "unknown"), (.infinity, "unknown"),
    ])
    func span(_ seconds: Double, _ text: String) {
        #expect(Wording.span(seconds) == text)
    }

    @Test(arguments: [(0.0, "0.0 s"), (9.44, "9.4 s"), (59.94, "59.9 s"), (59.96, "1:00 min"), (605, "10:05 min"), (-1, "unknown")])
    func length(_ seconds: Double, _ text: String) {
        #expect(Wording.length(seconds) == text)
    }

    @Test func agesAndTimes() {
        let wording = Samples.wording(zone: "Europe/Berlin")
        #expect(wording.time(Samples.noon) == "2026-11-20 13:00:00")
        #expect(wording.time(Samples.noon.addingTimeInterval(-150 * 86_400)) == "2026-06-23 14:00:00", "summer time")
        #expect(wording.timeOfDay(Samples.noon) == "13:00:00")
        #expect(wording.age(Samples.noon.addingTimeInterval(-4)) == "4 s ago")
        #expect(wording.age(Samples.noon.addingTimeInterval(1)) == "0 s ago")
        #expect(wording.age(Samples.noon.addingTimeInterval(120)) == "in 2 min")
        #expect(wording.age(nil) == "never")
    }

    @Test func clocks() {
        #expect(Wording.clock(offset: 0.0021, uncertainty: 0.01) == "+2 ms ± 10 ms")
        #expect(Wording.clock(offset: -3.04, uncertainty: nil) == "−3.0 s")
        #expect(Wording.clock(offset: -7500, uncertainty: 1) == "−2 h 5 min ± 1.0 s")
        #expect(Wording.clock(offset: nil, uncertainty: 1) == "not measured")
    }

    @Test(arguments: [
        (Int64(0), "0 B"), (999, "999 B"), (1000, "1.0 KiB"), (1024, "1.0 KiB"), (15_000_000, "14.3 MiB"), (150_000_000, "143 MiB"),
        (1_073_000_000, "1.0 GiB"), (5_000_000_000_000, "4.5 TiB"), (.max, "8388608 TiB"), (-5, "-5 B"),
    ])
    func bytes(_ bytes: Int64, _ text: String) {
        #expect(ByteCount.rounded(bytes) == text)
    }

    @Test func exactBytes() {
        for (text, bytes) in [("256 MiB", 256 << 20), ("1 TiB", 1 << 40), ("1000 bytes", 1000), ("0 bytes", 0)] {
            #expect(ByteCount.text(bytes) == text)
            #expect(ByteCount.parse(text) == bytes)
        }
        #expect(ByteCount.parse("1 MB") == 1_000_000)
        #expect(ByteCount.parse("64m") == 64 << 20)
        for text in ["", "MiB", "-1", "1 parsec", "99999999999 TiB", "1.5 GiB", "٣ MiB"] { #expect(ByteCount.parse(text) == nil, "\(text)") }
    }

    @Test func idsAreShortenedAsFarAsTheyDiffer() {
        #expect(Wording.shortened(["aaaaaaaaaaaa", "bbbbbbbbbbbb"]) == ["aaaaaaaaaaaa": "aaaaaaaa", "bbbbbbbbbbbb": "bbbbbbbb"])
        #expect(Wording.shortened(["aaaaaaaaaa1x", "aaaaaaaaaa2x", "aaaaaaaaaa2x"]) == ["aaaaaaaaaa1x": "aaaaaaaaaa1", "aaaaaaaaaa2x": "aaaaaaaaaa2"])
        #expect(Wording.shortened(["abc", "abcdefghij"]) == ["abc": "abc", "abcdefghij": "abcdefgh"])
    }

    @Test func timesOnTheCommandLine() {
        let wording = Samples.wording(zone: "Europe/Berlin")
        func parsed(_ text: String) -> String? { TimeArgument.parse(text, wording).map(RFC3339.format) }
        #expect(parsed("2026-11-20T12:00:00Z") == "2026-11-20T12:00:00.000Z")
        #expect(parsed("2026-11-20") == "2026-11-19T23:00:00.000Z")
        #expect(parsed("2026-11-20 18:30") == "2026-11-20T17:30:00.000Z")
        #expect(parsed("2026-07-01 18:30:15") == "2026-07-01T16:30:15.000Z")
        #expect(parsed("2026-03-29 03:00") == "2026-03-29T01:00:00.000Z", "the first moment of summer time")
        #expect(parsed("2h") == "2026-11-20T10:00:00.000Z")
        #expect(parsed("90 s") == "2026-11-20T11:58:30.000Z")
        #expect(parsed("3d") == "2026-11-17T12:00:00.000Z")
        for text in ["", "h", "yesterday", "18:30", "2026-11-31", "9999999999h", "2 weeks"] { #expect(parsed(text) == nil, "\(text)") }
    }
}
