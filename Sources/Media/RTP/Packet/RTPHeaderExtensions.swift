/// The elements in the extension of an RTP header (RFC 8285): one-byte headers (§4.2) or two-byte headers (§4.3).
struct RTPHeaderExtensions: Sendable, Hashable {
    struct Element: Sendable, Hashable {
        /// The local identifier that `a=extmap` gave: 1 to 14 with one-byte headers, 1 to 255 with two-byte headers.
        var id: UInt8
        /// 1 to 16 bytes with one-byte headers, 0 to 255 with two-byte headers.
        var data: [UInt8]
    }

    /// "defined by profile" of one-byte headers.
    static let oneByteProfile: UInt16 = 0xbede
    /// The upper 12 bits that announce two-byte headers; the lower four are for the application.
    static let twoByteProfile: UInt16 = 0x1000

    var elements: [Element] = []

    init(_ elements: [Element] = []) {
        self.elements = elements
    }

    /// Reads what can be understood; an element that claims more than there is ends the reading, as §4.1.2 lets a receiver ignore the rest.
    init(profile: UInt16, body: ArraySlice<UInt8>) {
        if profile == Self.oneByteProfile {
            readOneByte(body)
        } else if profile & 0xfff0 == Self.twoByteProfile {
            readTwoByte(body)
        }
    }

    subscript(id: UInt8) -> [UInt8]? { elements.first { $0.id == id }?.data }

    private mutating func readOneByte(_ body: ArraySlice<UInt8>) {
        var reader = ByteReader(body)
        while let head = reader.readUInt8() {
            let id = head >> 4
            // Identifier 0 is padding; 15 is reserved and ends the list (§4.2).
            if id == 0 { continue }
            guard id != 15, let data = reader.read(Int(head & 0x0f) + 1) else { return }
            elements.append(Element(id: id, data: Array(data)))
        }
    }

    private mutating func readTwoByte(_ body: ArraySlice<UInt8>) {
        var reader = ByteReader(body)
        while let id = reader.readUInt8() {
            if id == 0 { continue }
            guard let length = reader.readUInt8(), let data = reader.read(Int(length)) else { return }
            elements.append(Element(id: id, data: Array(data)))
        }
    }

    /// Whether one-byte headers can carry them all.
    private var fitOneByte: Bool {
        elements.allSatisfy { (1...14).contains($0.id) && (1...16).contains($0.data.count) }
    }

    /// Appends the extension with its own header, padded to whole words. One-byte headers where they suffice: every receiver knows them.
    func write(to bytes: inout [UInt8]) {
        let begin = bytes.count
        let oneByte = fitOneByte
        bytes.append(bigEndian: oneByte ? Self.oneByteProfile : Self.twoByteProfile)
        bytes.append(bigEndian: UInt16(0))
        for element in elements {
            if oneByte {
                bytes.append(element.id << 4 | UInt8(element.data.count - 1))
                bytes += element.data
            } else if element.id != 0 {
                let data = element.data.prefix(255)
                bytes.append(element.id)
                bytes.append(UInt8(data.count))
                bytes += data
            }
        }
        while (bytes.count - begin) % 4 != 0 { bytes.append(0) }
        bytes.set(bigEndian: UInt16(truncatingIfNeeded: (bytes.count - begin) / 4 - 1), at: begin + 2)
    }
}
