import Testing

@testable import MeshCam

@Suite struct EventStreamParserTests {
    private func parse(_ text: String) -> [ServerSentEvent] {
        var parser = EventStreamParser()
        return parser.consume(Array(text.utf8))
    }

    /// The examples of the WHATWG HTML standard, section 9.2.6.
    @Test func examplesOfTheStandard() {
        #expect(parse("data: YHOO\ndata: +2\ndata: 10\n\n") == [ServerSentEvent(name: "message", data: "YHOO\n+2\n10", id: nil)])
        #expect(
            parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n") == [
                ServerSentEvent(name: "message", data: "first event", id: "1"),
                ServerSentEvent(name: "message", data: "second event", id: ""),
            ], "an event that is not ended by a blank line is discarded")
        #expect(
            parse("data\n\ndata\ndata\n\ndata:") == [
                ServerSentEvent(name: "message", data: "", id: nil), ServerSentEvent(name: "message", data: "\n", id: nil),
            ])
        #expect(parse("data:test\n\ndata: test\n\n").map(\.data) == ["test", "test"])
    }

    @Test func namesIdsRetryAndByteOrderMark() {
        var parser = EventStreamParser()
        let events = parser.consume(Array("\u{FEFF}retry: 2500\nevent: clip\nid: 12-7\ndata: {}\n\nevent: lost\n\ndata: x\nretry: soon\nid: a\0b\n\n".utf8))
        #expect(
            events == [
                ServerSentEvent(name: "clip", data: "{}", id: "12-7"), ServerSentEvent(name: "message", data: "x", id: "12-7"),
            ])
        #expect(parser.lastEventID == "12-7")
        #expect(parser.retryMilliseconds == 2500)
    }

    @Test(arguments: ["\n", "\r", "\r\n"])
    func anyLineEndAndAnyCut(_ end: String) {
        let text = ["event: a", "data: 1", "data: ü", "", ": ping", "", "id: 4", "data: 2", "", ""].joined(separator: end)
        let expected = [ServerSentEvent(name: "a", data: "1\nü", id: nil), ServerSentEvent(name: "message", data: "2", id: "4")]
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var parser = EventStreamParser()
            let events = parser.consume(bytes[..<cut]) + parser.consume(bytes[cut...])
            #expect(events == expected, "cut at \(cut)")
        }
        var parser = EventStreamParser()
        #expect(bytes.flatMap { parser.consume([$0]) } == expected)
    }

    @Test func anOverlongEventIsDroppedAndCounted() {
        var parser = EventStreamParser()
        let long = Array(repeating: UInt8(ascii: "x"), count: EventStreamParser.largestEventBytes + 10)
        var events = parser.consume(Array("data: ".utf8) + long + Array("\n\ndata: next\n\n".utf8))
        #expect(events.map(\.data) == ["next"])
        #expect(parser.dropped == 1)
        for _ in 0..<40 { events = parser.consume(Array("data: ".utf8) + long.prefix(1 << 16) + [10]) }
        #expect(parser.consume([10]).isEmpty)
        #expect(parser.dropped == 2)
    }
}
