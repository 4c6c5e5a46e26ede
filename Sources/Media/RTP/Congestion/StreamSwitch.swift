/// Lets through the pictures that a viewer shall get, so that a decoder can always go on: it changes streams only at key frames, after a hole it
/// waits for one, and time never goes back.
struct StreamSwitch: Sendable {
    private(set) var rung: ViewerRung
    /// The stream that is sent; the wanted one follows at its next key frame.
    private(set) var current: LiveStream?
    private var needsKeyFrame = true
    private var lastPTS90k: Int64?

    init(rung: ViewerRung) {
        self.rung = rung
    }

    /// Whether a key frame of the wanted stream would be of use now.
    var awaitsKeyFrame: Bool { needsKeyFrame || current != rung.stream }

    mutating func set(_ rung: ViewerRung) {
        // From key frames alone to every picture: those in between refer to pictures that were not sent.
        if self.rung == .keyFrames, rung != .keyFrames { needsKeyFrame = true }
        self.rung = rung
    }

    /// Pictures were dropped on the way: nothing can be decoded until the next key frame.
    mutating func broke() {
        needsKeyFrame = true
    }

    /// Whether this picture of `stream` goes to the viewer. It must then be sent.
    mutating func admits(_ unit: PacketizedAccessUnit, of stream: LiveStream) -> Bool {
        if let lastPTS90k, unit.pts90k <= lastPTS90k { return false }
        if unit.isKeyFrame {
            // A key frame of the stream that is left helps only if the wanted one has not come and this one was broken.
            guard stream == rung.stream || stream == current else { return false }
            if stream == rung.stream { current = stream }
            needsKeyFrame = false
        } else {
            guard !needsKeyFrame, stream == current else { return false }
            if rung == .keyFrames, current == rung.stream { return false }
        }
        lastPTS90k = unit.pts90k
        return true
    }
}
