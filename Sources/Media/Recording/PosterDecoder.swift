import Foundation

/// Makes the poster of a clip: decodes from the key frame to the wanted picture, on a thread of its own.
enum PosterDecoder {
    /// Posters are at most this wide, pixels.
    static let maximumWidth = 1280

    /// The last picture of `units` captured at or before `instant` as a JPEG, the first one if all are later; nil if none can be decoded.
    /// - Parameter units: Video in order, beginning with a key frame; decoding stops at `instant`, at most one group of pictures away.
    static func poster(of units: [AccessUnit], at instant: ContinuousClock.Instant) async -> JPEGPicture? {
        guard !units.isEmpty else { return nil }
        return await withCheckedContinuation { continuation in
            let thread = Thread {
                continuation.resume(returning: try? decode(units, at: instant))
            }
            thread.name = "poster"
            thread.start()
        }
    }

    private static func decode(_ units: [AccessUnit], at instant: ContinuousClock.Instant) throws(MediaError) -> JPEGPicture? {
        let decoder = try VideoDecoder(byteStream: .h264)
        var latest: Picture?
        for unit in units {
            if unit.captured > instant, latest != nil { break }
            let packet = try unit.bytes.withUnsafeBytes { (bytes) throws(MediaError) in try Packet(copying: bytes) }
            let outputs = try decoder.decode(packet, captured: unit.captured, duration90k: unit.duration90k)
            latest = outputs.last?.picture ?? latest
        }
        let flushed = try decoder.decode(nil, captured: instant, duration90k: 0)
        if latest == nil { latest = flushed.last?.picture }
        guard let latest else { return nil }
        let size = StillSize(width: maximumWidth, of: latest)
        return try JPEGEncoder(width: size.width, height: size.height).encode(latest)
    }
}
