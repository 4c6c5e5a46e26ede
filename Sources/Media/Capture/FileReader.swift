import Foundation

/// Reads a file once from start to end and gives pictures and sound in the order of their times, which begin at 0.
final class FileReader {
    struct Item {
        enum Content {
            case picture(Picture)
            case encoded(EncodedPicture)
            /// 48 kHz mono.
            case sound([Float])
        }

        var content: Content
        /// Seconds from the file's start.
        var time: Double
    }

    let format: SourceFormat
    /// Seconds from the first picture to the end of the last one, as far as it was read.
    private(set) var duration = 0.0

    private let demuxer: Demuxer
    private let video: VideoDecoder
    private let audio: AudioDecoder?
    private let filter: AnnexBFilter?
    private var parameterSets = ParameterSets()
    private var waitingVideo: ArraySlice<Packet> = []
    private var pictures: [Item] = []
    private var sounds: [Item] = []
    private var soundSeconds = 0.0
    private var atEnd = false
    private var flushed = false
    private var firstVideoTime: Double?
    private var lastVideoTime = -1.0
    private let frameSeconds: Double

    private static let maximumAhead = 600
    private static let maximumSoundSeconds = 10.0

    init(path: String, audio wantsAudio: Bool, passThrough: Bool) throws(MediaError) {
        demuxer = try Demuxer(path: path)
        video = try demuxer.makeVideoDecoder()
        // Sound that cannot be decoded must not cost the picture.
        audio = wantsAudio ? try? demuxer.makeAudioDecoder() : nil
        filter = passThrough ? try demuxer.makeAnnexBFilter() : nil
        frameSeconds = 1 / demuxer.video.framesPerSecond
        format = SourceFormat(
            width: demuxer.video.width & ~1, height: demuxer.video.height & ~1,
            framesPerSecond: demuxer.video.framesPerSecond, hasAudio: audio != nil, passThrough: passThrough)
    }

    /// The next item in time; nil at the end of the file.
    func next() throws(MediaError) -> Item? {
        while true {
            try fillPictures()
            let wantsSound = audio != nil && sounds.isEmpty && !atEnd && !isFarAhead
            if wantsSound {
                try readPacket()
                continue
            }
            guard let picture = pictures.first else {
                // After the last picture, sound has nothing to go with: a round ends with its picture.
                return nil
            }
            if let sound = sounds.first, sound.time <= picture.time {
                sounds.removeFirst()
                if case .sound(let samples) = sound.content {
                    soundSeconds -= Double(samples.count) / Double(AudioDecoder.sampleRate)
                }
                return sound
            }
            pictures.removeFirst()
            if case .picture = picture.content { duration = max(duration, picture.time + frameSeconds) }
            return picture
        }
    }

    private var isFarAhead: Bool {
        waitingVideo.count >= Self.maximumAhead || soundSeconds >= Self.maximumSoundSeconds
    }

    /// Decodes until a picture is at hand or the file is at its end.
    private func fillPictures() throws(MediaError) {
        while pictures.isEmpty, !flushed {
            if let packet = waitingVideo.popFirst() {
                try decode(packet)
            } else if atEnd {
                flushed = true
                try take(video.decode(nil, captured: .now, duration90k: frame90k))
            } else {
                try readPacket()
            }
        }
    }

    private func readPacket() throws(MediaError) {
        guard let packet = try demuxer.next() else {
            atEnd = true
            return
        }
        if packet.streamIndex == demuxer.video.stream.index {
            waitingVideo.append(packet)
        } else if let audio, let stream = demuxer.audio {
            for block in try audio.decode(packet) {
                let seconds = Double(block.samples.count) / Double(AudioDecoder.sampleRate)
                let time = block.pts.map { Double($0) * stream.secondsPerTick - demuxer.startSeconds } ?? sounds.last?.time ?? 0
                guard time >= -seconds, soundSeconds < Self.maximumSoundSeconds + 1 else { continue }
                sounds.append(Item(content: .sound(block.samples), time: max(0, time)))
                soundSeconds += seconds
            }
        }
    }

    private var frame90k: Int64 { Int64((frameSeconds * Double(MediaTime.ticksPerSecond)).rounded()) }

    private func decode(_ packet: Packet) throws(MediaError) {
        if let filter {
            // Decoding and passing on each need the packet: the filter takes its own.
            let isKeyFrame = packet.isKeyFrame
            let time = videoTime(packet.pts)
            let outputs = try video.decode(packet, captured: .now, duration90k: frame90k)
            var bytes = try filter.filter(packet)
            if isKeyFrame { bytes = parameterSets.completing(keyFrame: bytes) }
            if !bytes.isEmpty {
                let encoded = EncodedPicture(bytes: bytes, isKeyFrame: isKeyFrame, captured: .now, duration90k: frame90k)
                pictures.append(Item(content: .encoded(encoded), time: time))
            }
            // No B-frames here: what was decoded shows at the packet's own time.
            for output in outputs { pictures.append(Item(content: .picture(output.picture), time: time)) }
        } else {
            try take(video.decode(packet, captured: .now, duration90k: frame90k))
        }
    }

    private func take(_ outputs: [VideoDecoder.Output]) throws(MediaError) {
        for output in outputs {
            pictures.append(Item(content: .picture(output.picture), time: videoTime(output.pts)))
        }
    }

    /// Seconds from the file's start; always later than the picture before, whatever the file says.
    private func videoTime(_ pts: Int64?) -> Double {
        let told = pts.map { Double($0) * demuxer.video.stream.secondsPerTick - demuxer.startSeconds }
        let first = firstVideoTime ?? min(max(told ?? 0, 0), 1)
        firstVideoTime = first
        var time = told ?? (lastVideoTime < 0 ? first : lastVideoTime + frameSeconds)
        // A time that stands still or leaps by a minute is damage, not a pause.
        if lastVideoTime >= 0, time <= lastVideoTime || time > lastVideoTime + 60 { time = lastVideoTime + frameSeconds }
        lastVideoTime = max(time, 0)
        return lastVideoTime
    }
}
