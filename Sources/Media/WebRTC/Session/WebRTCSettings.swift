/// How a session with a viewer behaves.
struct WebRTCSettings: Sendable, Hashable {
    var ice = IceSettings()
    var bandwidth = BandwidthEstimator.Settings()
    /// From the selected path to agreed keys.
    var handshakeTimeout = Duration.seconds(15)
    /// A picture that would wait longer is dropped, and all that follow up to the next key frame: late pictures are worth less than new ones.
    var queueLimit = Duration.milliseconds(500)
    /// Between sender reports (RFC 3550 §6.2 allows a fixed interval where bandwidth is no matter).
    var reportInterval = Duration.seconds(1)
    /// Between key frames asked for on behalf of this viewer.
    var keyFrameInterval = Duration.milliseconds(500)
    /// Between looks at the estimate.
    var adaptationInterval = Duration.milliseconds(100)
    /// The looks are whole intervals after this moment. Default: after the session's begin.
    var ticksFrom: MonotonicTime?
    /// The most that the viewer wants.
    var ceiling = ViewerRung.main

    init() {}
}
