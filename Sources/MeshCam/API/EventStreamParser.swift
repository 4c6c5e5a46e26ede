/// One Server-Sent Event.
struct ServerSentEvent: Sendable, Equatable {
    /// `message` where the server named none.
    var name: String
    /// Lines joined by a line feed.
    var data: String
    /// The last id the server gave, on this event or an earlier one.
    var id: String?
}

/// Takes a `text/event-stream` apart, however its bytes are cut into pieces
/// (WHATWG HTML, section 9.2.6, <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>).
///
/// Bounded: an event of more than ``largestEventBytes`` is dropped whole and counted.
struct EventStreamParser: Sendable {
    static let largestEventBytes = 1 << 20

    /// What to send as `Last-Event-ID` when connecting again.
    private(set) var lastEventID: String?
    /// How long the server asks to wait before connecting again, in milliseconds.
    private(set) var retryMilliseconds: Int?
    /// Events that were too large.
    private(set) var dropped = 0

    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var isOverlong = false
    private var afterCarriageReturn = false
    private var isFirstLine = true

    /// Takes the next bytes and returns the events they complete.
    mutating func consume(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            defer { afterCarriageReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where afterCarriageReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default:
                if line.count + data.count < Self.largestEventBytes { line.append(byte) } else { isOverlong = true }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data += value
            hasData = true
        case "id" where !value.contains(0): lastEventID = String(decoding: value, as: UTF8.self)
        case "retry" where !value.isEmpty && value.allSatisfy { (0x30...0x39).contains($0) }:
            retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
        default: break  // a comment, or a field nobody knows
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            name = ""
            data.removeAll(keepingCapacity: true)
            hasData = false
            isOverlong = false
        }
        if isOverlong {
            dropped += 1
            return nil
        }
        guard hasData else { return nil }
        return ServerSentEvent(
            name: name.isEmpty ? "message" : name, data: String(decoding: data, as: UTF8.self), id: lastEventID)
    }
}
