import Testing

@testable import MeshCam

@Suite struct TOMLKeyLinesTests {
    @Test func everyWayToWriteAKey() {
        let lines = TOMLKeyLines(
            #"""
            # [not]
            top = "a # b [no] \" = 1"
            long = """
            [fake]
            fps = 1 \""" still
            """"  # two quotes belong to the text
            raw = '''
            fps = 2
            '''
            list = [
              1, "]", # ]
              { x = 1, y = [2] },
            ]
            a.b . "c d" = 1
            'lit.eral' = 2
            inline = { p = 1, q.r = "}", s = { t = 3 } }

            [ camera ] # comment
            fps = 30
              indented= 1
            [camera.deep."er"]
            k = 1979-05-27T07:32:00Z
            [[array]]
            z = 1
            [[array]]
            z = 2
            """#
        ).lines
        #expect(lines[["not"]] == nil)
        #expect(lines[["top"]] == 2)
        #expect(lines[["long"]] == 3)
        #expect(lines[["fake"]] == nil && lines[["fps"]] == nil)
        #expect(lines[["raw"]] == 7)
        #expect(lines[["list"]] == 10)
        #expect(lines[["a"]] == 14 && lines[["a", "b"]] == 14 && lines[["a", "b", "c d"]] == 14)
        #expect(lines[["lit.eral"]] == 15)
        #expect(lines[["inline", "p"]] == 16 && lines[["inline", "q", "r"]] == 16 && lines[["inline", "s", "t"]] == 16)
        #expect(lines[["camera"]] == 18)
        #expect(lines[["camera", "fps"]] == 19)
        #expect(lines[["camera", "indented"]] == 20)
        #expect(lines[["camera", "deep"]] == 21)
        #expect(lines[["camera", "deep", "er", "k"]] == 22)
        #expect(lines[["array"]] == 23 && lines[["array", "z"]] == 24)
    }

    @Test func carriageReturnsAndByteOrderMark() {
        let lines = TOMLKeyLines("\u{FEFF}a = 1\r\n\r\n[t]\r\nb = [\r\n1,\r\n]\r\nc = 'x'\r\n").lines
        #expect(lines == [["a"]: 1, ["t"]: 3, ["t", "b"]: 4, ["t", "c"]: 7])
    }

    /// Whatever the text, the scanner ends; where the library accepts it, both agree on what keys there are.
    @Test func agreesWithTheLibraryOnAnyText() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandomness(seed: seed)
        let alphabet = [
            "a", "b", ".", " = ", "1", "\n", "\n", "[t]", "[u.v]", "{", "}", "[", "]", ",", "\"x\"", "'y'", "\"\"\"", "'''", "#", "\\", "\r\n",
            "k = 2\n", "m = \"s\"\n", "n = [1,\n2]\n", "o = {p = 1}\n", "\u{FEFF}", "é", " ", "\t", "\u{2028}", "\u{0B}", "\u{7F}", "2026-11-20", " 12:30:00", "T1Z", "+", "-", "0x", "_", "inf", "true", "1e5",
        ]
        var accepted = 0
        for _ in 0..<4000 {
            let text = random.text(of: alphabet, pieces: Int.random(in: 0...24, using: &random))
            let lines = TOMLKeyLines(text).lines
            guard let document = try? TOMLDocument(file: "f", text: text) else { continue }
            accepted += 1
            for entry in document.entries {
                #expect(lines[entry.path] != nil, "seed \(seed): \(entry.path) in \(text.debugDescription)")
            }
        }
        #expect(accepted > 100, "seed \(seed)")
    }

    @Test func deepNestingEnds() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(TOMLKeyLines("a = " + deep).lines == [["a"]: 1])
        #expect(TOMLKeyLines("a = " + deep).mistake?.line == 1)
        #expect(TOMLKeyLines("a = " + String(repeating: "{b=", count: 50_000)).lines[["a"]] == 1)
        // The library needs gigabytes for such a key.
        #expect(TOMLKeyLines("b = 1\n" + String(repeating: "a.", count: 20_000) + "z = 1").mistake?.line == 2)
        #expect(TOMLKeyLines(String(repeating: "a.", count: 30) + "z = 1").mistake == nil)
    }
}
