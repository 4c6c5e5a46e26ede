/// The payload structures of H.264 over RTP (RFC 6184 §5.2, table 1) that packetization mode 1 allows (§6.3).
enum H264PayloadFormat {
    /// NAL units of the stream itself, sent alone: types 1 to 23.
    static let singleUnits: ClosedRange<UInt8> = 1...23
    /// Several NAL units of one moment in one packet (§5.7.1).
    static let aggregation: UInt8 = 24
    /// A piece of a NAL unit (§5.8).
    static let fragment: UInt8 = 28

    /// The bits of a NAL unit's first byte (RFC 6184 §1.3).
    static let forbiddenAndReference: UInt8 = 0xe0
    static let reference: UInt8 = 0x60
    static let type: UInt8 = 0x1f

    /// The bits of a fragment's second byte (§5.8).
    static let fragmentStart: UInt8 = 0x80
    static let fragmentEnd: UInt8 = 0x40

    /// NAL unit types with a meaning here besides those in `AnnexB.UnitType` (H.264 table 7-1).
    static let accessUnitDelimiter: UInt8 = 9
    static let endOfSequence: UInt8 = 10
    static let endOfStream: UInt8 = 11
    static let fillerData: UInt8 = 12
}
