/// What `bench record` found. All times are user and system time of all processes that take part, per second of video.
struct RecordFigures: Codable, Sendable, Equatable {
    /// Ours: replaying, pre-roll, cutting, muxing, hashing, spool, the target's own process, and what makes each fragment durable.
    let cpuMsPerVideoSecond: Double
    /// `ffmpeg -re -i FILE -c copy` of the very file that was recorded, into fragments of the same length.
    let ffmpegCopyCpuMsPerVideoSecond: Double
    /// From a fragment's last picture until the target has it for sure; the median, and of a hundred the slowest.
    let storedSecondsP50, storedSecondsP99: Double
    let mbit: Double
    let seconds: Int

    var ratio: Double { ffmpegCopyCpuMsPerVideoSecond > 0 ? cpuMsPerVideoSecond / ffmpegCopyCpuMsPerVideoSecond : 0 }
}
