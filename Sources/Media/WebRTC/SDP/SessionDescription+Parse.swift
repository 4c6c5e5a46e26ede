/// Reading what browsers and others write. Unknown lines and attributes are passed over, as RFC 8866 §5 and §5.13 want.
extension SessionDescription {
    init(_ text: String) throws(SDPError) {
        guard text.utf8.count <= Self.limitBytes else { throw .tooLarge(limitBytes: Self.limitBytes) }
        self.init(origin: Origin(sessionID: "0", version: 0))
        var lines = SDPLines(text)
        var hasVersion = false
        while let line = try lines.next() {
            guard lines.number <= Self.lineLimit else { throw .tooManyLines(limit: Self.lineLimit) }
            guard hasVersion || line.kind == "v" else { throw .malformed(line: lines.number, expected: "v=0") }
            switch line.kind {
            case "v":
                guard line.value == "0", !hasVersion else { throw .malformed(line: lines.number, expected: "v=0") }
                hasVersion = true
            case "o":
                origin = try Self.origin(line.value, number: lines.number)
            case "m":
                guard media.count < Self.sectionLimit else { throw .tooManySections(limit: Self.sectionLimit) }
                media.append(try MediaSection(mediaLine: line.value, number: lines.number))
            case "a":
                let attribute = SDPAttribute(line.value)
                if media.isEmpty {
                    try take(attribute, number: lines.number)
                } else {
                    try media[media.count - 1].take(attribute, number: lines.number)
                }
            default:
                continue
            }
        }
        guard hasVersion else { throw .malformed(line: 1, expected: "v=0") }
    }

    private mutating func take(_ attribute: SDPAttribute, number: Int) throws(SDPError) {
        if attribute.name == "group" {
            var words = attribute.words
            // Of several BUNDLE groups the first counts: one transport is all that a node offers.
            if words.popFirst() == "BUNDLE", bundle.isEmpty { bundle = words.map(String.init) }
        } else {
            _ = try transport.take(attribute, number: number)
        }
    }

    private static func origin(_ text: Substring, number: Int) throws(SDPError) -> Origin {
        let fields = text.split(separator: " ")
        // Some write numbers of more than 64 bits as identifier; the version must be comparable.
        guard fields.count >= 3, fields[1].allSatisfy(\.isNumber), let version = UInt64(fields[2]) else {
            throw .malformed(line: number, expected: "an origin")
        }
        return Origin(sessionID: String(fields[1]), version: version)
    }
}

/// The lines of a text: a letter, an equals sign, a value. Ends with CRLF or, as RFC 8866 §5 lets a reader accept, LF.
struct SDPLines {
    private var rest: Substring.UTF8View
    /// Of the line read last, from 1.
    private(set) var number = 0

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    /// nil at the end. Empty lines are passed over.
    mutating func next() throws(SDPError) -> (kind: Character, value: Substring)? {
        while !rest.isEmpty {
            number += 1
            // By bytes: as characters, CR and LF together are one.
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.isEmpty { continue }
            guard let first = line.first, (0x61...0x7a).contains(first), line.dropFirst().first == UInt8(ascii: "=") else {
                throw .malformed(line: number, expected: "a letter, an equals sign and a value")
            }
            return (Character(Unicode.Scalar(first)), Substring(line.dropFirst(2)))
        }
        return nil
    }
}

/// `a=name:value` or `a=name` (RFC 8866 §5.13).
struct SDPAttribute {
    var name: Substring
    var value: Substring

    init(_ text: Substring) {
        let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        name = text[..<colon]
        value = colon < text.endIndex ? text[text.utf8.index(after: colon)...] : ""
    }

    /// The value's words.
    var words: ArraySlice<Substring> { value.split(separator: " ")[...] }
}
