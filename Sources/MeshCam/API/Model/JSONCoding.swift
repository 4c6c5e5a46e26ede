import Foundation
import Storage

/// The one way this program writes and reads the API's JSON: RFC 3339 UTC times with milliseconds, sorted keys, plain slashes.
///
/// An absent optional is left out rather than written as `null`, except where a resource says otherwise.
enum JSONCoding {
    /// A fresh encoder for one answer. Compact.
    static var encoder: JSONEncoder { makeEncoder(formatting: [.sortedKeys, .withoutEscapingSlashes]) }

    /// A fresh encoder for people: the same JSON, indented.
    static var prettyEncoder: JSONEncoder {
        makeEncoder(formatting: [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])
    }

    /// A fresh decoder. Unknown keys are ignored, so that a newer node may say more.
    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = RFC3339.parse(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not an RFC 3339 time: \(text.prefix(40))")
            }
            return date
        }
        return decoder
    }

    private static func makeEncoder(formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(RFC3339.format(date))
        }
        return encoder
    }
}
