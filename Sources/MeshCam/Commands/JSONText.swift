import Foundation

/// JSON of any shape, so that a node's answer can be printed again whole: with what this version does not know.
enum JSONText: Codable, Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONText])
    case object([String: JSONText])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONText].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONText].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// Indented, keys sorted.
    func pretty() throws -> String { String(decoding: try JSONCoding.prettyEncoder.encode(self), as: UTF8.self) }

    /// On one line, keys sorted.
    func compact() throws -> String { String(decoding: try JSONCoding.encoder.encode(self), as: UTF8.self) }

    /// Reads an answer.
    init(_ answer: APIClient.Answer, _ path: String) throws {
        self = try APIClient.decode(JSONText.self, from: answer, path)
    }
}
