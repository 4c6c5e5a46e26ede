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
}
