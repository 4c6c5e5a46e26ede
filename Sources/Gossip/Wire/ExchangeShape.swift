/// Counts what an exchange holds before it is decoded: a list of empty messages takes two bytes each on the wire and forty times that in
/// memory, so 4 MiB of them would cost a small board more than it has.
enum ExchangeShape {
    /// More elements than a mesh of two thousand has to say.
    static let elementLimit = 32_768

    /// Whether the digest and the delta of an exchange together hold no more than ``elementLimit`` elements. Bytes that do not read count as
    /// too many.
    static func isBearable(_ bytes: [UInt8]) -> Bool {
        var left = elementLimit
        var fields = ProtobufFields(bytes[...])
        while let field = fields.next() {
            guard case .bytes(let content) = field else { continue }
            var elements = ProtobufFields(content)
            while elements.next() != nil {
                left -= 1
                if left < 0 { return false }
            }
            if elements.isBroken { return false }
        }
        return !fields.isBroken
    }
}

extension ExchangeShape {
    /// How many fields a message has, looked at before it is decoded; `nil` when there are more than `limit`, or when it does not read.
    static func elements(_ bytes: [UInt8], upTo limit: Int) -> Int? {
        var fields = ProtobufFields(bytes[...])
        var count = 0
        while fields.next() != nil {
            count += 1
            if count > limit { return nil }
        }
        return fields.isBroken ? nil : count
    }
}

/// The fields of one protobuf message, as far as their lengths tell (protobuf's encoding, "Message structure"). Never past the end.
private struct ProtobufFields {
    enum Field {
        /// Wire type 2: a string, bytes, or a message.
        case bytes(ArraySlice<UInt8>)
        case number
    }

    private var rest: ArraySlice<UInt8>
    private(set) var isBroken = false

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> Field? {
        guard !isBroken, !rest.isEmpty else { return nil }
        guard let tag = varint() else { return fail() }
        switch tag & 7 {
        case 0: return varint() == nil ? fail() : .number
        case 1: return skip(8) == nil ? fail() : .number
        case 2:
            guard let length = varint(), length <= UInt64(rest.count), let content = skip(Int(length)) else { return fail() }
            return .bytes(content)
        case 5: return skip(4) == nil ? fail() : .number
        // Groups, which nothing of ours has.
        default: return fail()
        }
    }

    private mutating func fail() -> Field? {
        isBroken = true
        return nil
    }

    private mutating func skip(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            if shift < 64 { value |= UInt64(byte & 0x7f) << shift }
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
