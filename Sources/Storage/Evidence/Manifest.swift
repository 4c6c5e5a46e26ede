import Foundation

/// The `.json` sidecar of a clip: its facts, and the recording node's signature over the facts' very bytes.
///
/// On disk: `{"facts":…,"signature":"<hex>","signer":"<node>"}` with the facts as one JSON object. The signature covers the
/// stored bytes of that object, never a re-encoding of it (mesh.md §3), so fields added later stay verifiable.
public struct Manifest: Sendable {
    public let facts: ClipFacts
    /// The stored bytes that the signature covers.
    public let factsBytes: [UInt8]
    /// Ed25519 over `factsBytes`; empty when unsigned.
    public let signature: [UInt8]
    /// The signing node's id.
    public let signer: String

    public enum Malformed: Error { case notAManifest, factsUnreadable(String) }

    private static let opening = Array(#"{"facts":"#.utf8)
    private static let middle = Array(#","signature":""#.utf8)
    private static let signerKey = Array(#"","signer":""#.utf8)
    private static let closing = Array("\"}\n".utf8)

    /// Signs `facts` with `sign`, which gets the exact bytes.
    public init(facts: ClipFacts, signer: String, sign: ([UInt8]) -> [UInt8]) throws {
        let bytes = Array(try Self.encoder.encode(facts))
        self.facts = facts
        self.factsBytes = bytes
        self.signature = sign(bytes)
        self.signer = signer
    }

    /// Reads a sidecar. Says nothing about the signature; that is the caller's to check.
    public init(parsing file: [UInt8]) throws {
        guard file.starts(with: Self.opening),
            let tail = file.lastRange(of: Self.middle), tail.lowerBound >= Self.opening.count,
            let signerRange = file[tail.upperBound...].firstRange(of: Self.signerKey),
            let end = file[signerRange.upperBound...].firstRange(of: Self.closing.dropLast())
        else { throw Malformed.notAManifest }
        let facts = Array(file[Self.opening.count..<tail.lowerBound])
        guard let signature = [UInt8](hex: file[tail.upperBound..<signerRange.lowerBound]) else { throw Malformed.notAManifest }
        self.factsBytes = facts
        self.signature = signature
        self.signer = String(decoding: file[signerRange.upperBound..<end.lowerBound], as: UTF8.self)
        do {
            self.facts = try Self.decoder.decode(ClipFacts.self, from: Data(facts))
        } catch {
            throw Malformed.factsUnreadable("\(error)")
        }
        guard self.facts.isBounded else { throw Malformed.factsUnreadable("its texts are longer than any camera's") }
    }

    /// The bytes of the sidecar file.
    public var file: [UInt8] {
        Self.opening + factsBytes + Self.middle + signature.hex.utf8 + Self.signerKey + signer.utf8 + Self.closing
    }

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(RFC3339.format(date))
        }
        return encoder
    }()

    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let date = RFC3339.parse(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
            }
            return date
        }
        return decoder
    }()

}

extension [UInt8] {
    var hex: String {
        var text = ""
        text.reserveCapacity(count * 2)
        for byte in self {
            text.append(String(byte >> 4, radix: 16))
            text.append(String(byte & 15, radix: 16))
        }
        return text
    }

    init?(hex text: some Collection<UInt8>) {
        guard text.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x61...0x66: digit = character - 0x61 + 10
            default: return nil
            }
            if let first = high {
                append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
    }

    fileprivate func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        guard !pattern.isEmpty, count >= pattern.count else { return nil }
        for start in stride(from: count - pattern.count, through: 0, by: -1)
        where self[start] == pattern[0] && self[start..<start + pattern.count].elementsEqual(pattern) {
            return start..<start + pattern.count
        }
        return nil
    }
}
