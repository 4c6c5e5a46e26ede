/// One way a capture device can deliver pictures.
struct DeviceFormat: Sendable, Hashable {
    enum Pixels: String, Sendable, Hashable, CaseIterable {
        case yuyv = "YUYV"
        case nv12 = "NV12"
        case yuv420 = "YU12"
        case mjpeg = "MJPG"
        case h264 = "H264"

        /// What it costs us to use, least first: planes as they are, packed pixels, JPEG to decode, H.264 that we may have to decode and encode.
        fileprivate var rank: Int {
            switch self {
            case .yuv420: 0
            case .nv12: 1
            case .yuyv: 2
            case .mjpeg: 3
            case .h264: 4
            }
        }
    }

    var pixels: Pixels
    var width: Int
    var height: Int
    /// The highest rate at this size, pictures per second; 0 where the driver does not say.
    var framesPerSecond: Double

    /// The format to ask the device for. Rules, in this order: a rate that is not clearly below the wanted one (at least 80 %), the nearest
    /// number of pixels (smaller is as bad as larger), the cheapest pixels, the highest rate. nil if the device offers nothing usable.
    static func best(of formats: [DeviceFormat], width: Int, height: Int, framesPerSecond: Int) -> DeviceFormat? {
        let usable = formats.filter {
            $0.width >= 16 && $0.height >= 16 && $0.width <= 7680 && $0.height <= 7680 && $0.width % 2 == 0 && $0.height % 2 == 0
        }
        return usable.min { left, right in
            left.badness(width, height, framesPerSecond) < right.badness(width, height, framesPerSecond)
        }
    }

    private func badness(_ wantedWidth: Int, _ wantedHeight: Int, _ wantedRate: Int) -> (Int, Int, Int, Double) {
        let rate = framesPerSecond == 0 ? Double(wantedRate) : framesPerSecond
        // Too slow is measured in steps, so that 29.97 counts as 30 and 5 is worse than 15.
        let slowness = max(0, Int((0.8 * Double(wantedRate) - rate).rounded(.up)))
        let distance = abs(width * height - wantedWidth * wantedHeight) + (width == wantedWidth && height == wantedHeight ? 0 : 1)
        return (slowness, distance, pixels.rank, -rate)
    }
}
