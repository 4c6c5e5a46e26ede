import Testing

@testable import MeshCam

@Suite struct NodeLogTests {
    /// Names come from strangers: none may begin a line, steer a terminal or reorder what is read.
    @Test(arguments: [
        ("evil\r\nFORGED", "evil\\u{d}\\u{a}FORGED"), ("a\nb", "a\\u{a}b"), ("\u{1b}[31mred", "\\u{1b}[31mred"), ("\u{202e}gnp", "\\u{202e}gnp"),
        ("\u{85}\u{2028}", "\\u{85}\\u{2028}"), ("Küche 👩‍👧 motion=1", "Küche 👩‍👧 motion=1"),
    ])
    func oneEventIsOneLine(text: String, line: String) {
        #expect(LineLogHandler.escaped(text) == line)
    }

    /// A member may call itself 64 KiB of anything; what happened to it is read all the same.
    @Test func aLongNameHidesNothing() {
        let name = String(repeating: "x\n", count: 32 << 10)
        let line = LineLogHandler.escaped("12:34 porch warning \(name) is gone: no answer for 5 s peer=77")
        #expect(line.hasPrefix("12:34 porch warning x\\u{a}x") && line.hasSuffix("x\\u{a} is gone: no answer for 5 s peer=77"))
        #expect(line.utf8.count < 10_000 && !line.contains("\n") && line.contains("characters left out"))
        let longest = String(repeating: "y", count: LineLogHandler.lengthLimit)
        #expect(LineLogHandler.escaped(longest) == longest)
    }
}
