/// Reads `text/event-stream` (HTML Living Standard §9.2.6) piece by piece.
///
/// Bounded: an event of more than `limit` bytes is an error.
struct ServerSentEventParser: Sendable {
    struct Event: Equatable, Sendable {
        var name = "message"
        var data = ""
        var id: String?
    }

    struct TooLong: Error {}

    var limit = 1 << 20
    private var line: [UInt8] = []
    private var event = Event()
    private var dataLines: [String] = []
    private var size = 0
    private var sawCarriageReturn = false

    /// Events that are complete with these bytes.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let followsCarriageReturn = sawCarriageReturn
            sawCarriageReturn = byte == 0x0d
            if byte == 0x0a && followsCarriageReturn { continue }
            if byte == 0x0a || byte == 0x0d {
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                size += 1
                if size > limit { throw TooLong() }
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { (event, dataLines, size) = (Event(), [], 0) }
            if dataLines.isEmpty { return nil }
            event.data = dataLines.joined(separator: "\n")
            return event
        }
        let colon = line.firstIndex(of: 0x3a) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": event.name = text
        case "data": dataLines.append(text)
        case "id": event.id = text
        default: break  // Comments begin with the colon; other fields are ignored.
        }
        return nil
    }
}
