/// What `bench live` found.
struct LiveFigures: Codable, Sendable, Equatable {
    let width: Int
    let height: Int
    let framesPerSecond: Int
    /// Pictures whose age was read in the browser's callback for them.
    let pictures: Int
    /// Pictures that came to the callback without a stamp that can be read.
    let unreadable: Int
    /// From capture to the browser's callback for a picture, in milliseconds.
    let glassToBrowserMsP50: Double
    let glassToBrowserMsP95: Double
    /// From a click to the first picture in the callback, the median of several; the slowest beside.
    let firstFrameMs: Double
    let firstFrameMsMax: Double
    /// From capture to the pixels of a screen; nil where none was looked at.
    var displayedMsP50: Double?
    var displayedMsP95: Double?
    /// How many different pictures were seen on it.
    var displayedPictures: Int?

    init(width: Int, height: Int, framesPerSecond: Int, seen: LivePageReport) {
        (self.width, self.height, self.framesPerSecond) = (width, height, framesPerSecond)
        pictures = seen.agesMs.count
        unreadable = seen.unreadable
        glassToBrowserMsP50 = Self.percentile(seen.agesMs, 0.5)
        glassToBrowserMsP95 = Self.percentile(seen.agesMs, 0.95)
        firstFrameMs = Self.percentile(seen.firstFramesMs, 0.5)
        firstFrameMsMax = Self.percentile(seen.firstFramesMs, 1)
    }

    /// The smallest value that at least this share does not exceed (nearest rank), to a tenth; 0 for nothing.
    static func percentile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let rank = Int((share * Double(values.count)).rounded(.up))
        return (values.sorted()[max(rank, 1) - 1] * 10).rounded() / 10
    }
}

/// What the page says at the end.
struct LivePageReport: Decodable, Sendable {
    var firstFramesMs: [Double]
    var agesMs: [Double]
    var unreadable: Int
}
