// Boxes of ISO/IEC 14496-12, as far as recordings need them. Untrusted input: every length is checked, nothing traps.

/// The four letters.
struct BoxType: Equatable {
    let code: UInt32
    init(_ name: StaticString) {
        code = name.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }
    init(code: UInt32) { self.code = code }

    static let moov = BoxType("moov"), trak = BoxType("trak"), tkhd = BoxType("tkhd"), mdia = BoxType("mdia")
    static let mdhd = BoxType("mdhd"), mvex = BoxType("mvex"), trex = BoxType("trex"), moof = BoxType("moof")
    static let traf = BoxType("traf"), tfhd = BoxType("tfhd"), tfdt = BoxType("tfdt"), trun = BoxType("trun")
    static let mdat = BoxType("mdat"), ftyp = BoxType("ftyp"), mfhd = BoxType("mfhd"), uuid = BoxType("uuid")
}

/// What stands before a box's body.
struct BoxHeader {
    let type: BoxType
    /// Header included.
    let size: Int
    let headerSize: Int

    init?(_ bytes: some RandomAccessCollection<UInt8>) {
        let bytes = Array(bytes.prefix(16))[...]
        guard let short = bytes.uint32(at: 0), let code = bytes.uint32(at: 4) else { return nil }
        type = BoxType(code: code)
        if short == 1 {
            guard let long = bytes.uint64(at: 8), long >= 16, long <= UInt64(Int.max / 2) else { return nil }
            size = Int(long)
            headerSize = 16
        } else {
            guard short >= 8 else { return nil }
            size = Int(short)
            headerSize = 8
        }
    }
}

/// The boxes that stand in some bytes one behind the other, up to the first that is not whole.
struct Boxes {
    struct Box {
        let type: BoxType
        let body: ArraySlice<UInt8>
    }

    private(set) var all: [Box] = []

    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let header = BoxHeader(rest), header.size <= rest.count {
            all.append(Box(type: header.type, body: rest.dropFirst(header.headerSize).prefix(header.size - header.headerSize)))
            rest = rest.dropFirst(header.size)
        }
    }

    func children(of type: BoxType) -> [Box] {
        all.first { $0.type == type }.map { Boxes($0.body).all } ?? []
    }
}

extension ArraySlice<UInt8> {
    var version: UInt8? { first }

    func uint32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= count - 4 else { return nil }
        return self[(startIndex + offset)..<(startIndex + offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    func uint64(at offset: Int) -> UInt64? {
        guard let high = uint32(at: offset), let low = uint32(at: offset + 4) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }
}
