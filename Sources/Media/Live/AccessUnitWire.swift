/// Access units on a byte stream between nodes: how a camera sends a stream to a node that passes it on to its own viewers.
///
/// Each: length of the rest 4 · codec 1 · flags 1 (1: key frame) · pts 8, in 1/90000 s · duration 4, in 1/90000 s · age 8, in µs · bytes. All
/// big-endian. The age is counted at sending, because clocks of nodes differ; the way itself takes a LAN some milliseconds more.
public enum AccessUnitWire {
    /// A longer one ends the stream: no picture of ours is so large.
    static let limitBytes = 8 << 20
    private static let headerBytes = 22
    private static let codecs: [AccessUnit.Codec] = [.h264, .h265, .opus]

    public static func encode(_ unit: AccessUnit, now: ContinuousClock.Instant = .now) -> [UInt8] {
        let count = headerBytes + unit.bytes.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + count)
        let age = max(.zero, now - unit.captured).components
        bytes.append(bigEndian: UInt32(clamping: count))
        bytes.append(UInt8(codecs.firstIndex(of: unit.codec) ?? 0))
        bytes.append(unit.isKeyFrame ? 1 : 0)
        bytes.append(bigEndian: UInt64(clamping: unit.pts90k))
        bytes.append(bigEndian: UInt32(clamping: unit.duration90k))
        bytes.append(bigEndian: UInt64(clamping: age.seconds) &* 1_000_000 &+ UInt64(clamping: age.attoseconds / 1_000_000_000_000))
        unit.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Cuts what comes, however it is cut, into access units again.
    public struct Parser: Sendable {
        /// The stream is none of ours.
        public struct Failure: Error, Sendable {}

        private var buffer: [UInt8] = []

        public init() {}

        /// Takes the next bytes. Answers the units that they complete.
        public mutating func push(_ bytes: some Collection<UInt8>, now: ContinuousClock.Instant = .now) throws(Failure) -> [AccessUnit] {
            buffer += bytes
            var units: [AccessUnit] = []
            var place = 0
            while buffer.count - place >= 4 {
                var reader = ByteReader(buffer[place...])
                guard let length = reader.readUInt32().map(Int.init), (headerBytes...limitBytes).contains(length) else { throw Failure() }
                guard buffer.count - place - 4 >= length else { break }
                guard let unit = Self.unit(&reader, length, now: now) else { throw Failure() }
                units.append(unit)
                place += 4 + length
            }
            buffer.removeFirst(place)
            return units
        }

        private static func unit(_ reader: inout ByteReader, _ length: Int, now: ContinuousClock.Instant) -> AccessUnit? {
            guard let codec = reader.readUInt8(), Int(codec) < codecs.count, let flags = reader.readUInt8(), let pts = reader.readUInt64(), pts < 1 << 48,
                let duration = reader.readUInt32(), let age = reader.readUInt64(), let bytes = reader.read(length - headerBytes)
            else { return nil }
            // An hour is more than anything waits; beyond that the clock's arithmetic is somebody's joke.
            let captured = now - .microseconds(Int64(min(age, 3_600_000_000)))
            return AccessUnit(
                codec: codecs[Int(codec)], bytes: SharedBytes(Array(bytes)), pts90k: Int64(pts), duration90k: Int64(duration),
                isKeyFrame: flags & 1 == 1, captured: captured)
        }
    }
}
