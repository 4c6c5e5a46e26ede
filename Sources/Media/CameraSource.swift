extension CameraSettings {
    /// Where a camera's pictures and sound come from, as written in `camera.source`.
    public enum Source: Hashable, Sendable, CustomStringConvertible {
        /// The first V4L2 capture device that is there; without one the node runs without a camera and keeps looking.
        case auto
        /// A recording, looped at its own size and rate: any format libavformat reads.
        case file(String)
        /// The generated scene (`SyntheticScene`).
        case synthetic
        /// A V4L2 device by its path, as `/dev/video0`.
        case v4l2(String)
        /// A pattern with the moment of capture in it (``CaptureStamp``), for measuring; no setting names it.
        case stamped
        /// No camera: a dashboard or storage node.
        case none

        /// Reads `auto`, `none`, `synthetic`, `file:PATH` or `v4l2:DEVICE`.
        /// - Throws: A `MediaError` that says what is allowed; for `rtsp://…` and `rpicam` that they are not supported yet.
        public static func parse(_ text: String) throws(MediaError) -> Source {
            let allowed = "Use auto, none, synthetic, file:PATH or v4l2:/dev/videoN."
            func refuse(_ reason: String) -> MediaError {
                MediaError(operation: "use the camera source \"\(text)\"", text: reason, cure: allowed)
            }
            switch text {
            case "auto": return .auto
            case "none": return .none
            case "synthetic": return .synthetic
            default: break
            }
            if let path = text.dropping(prefix: "file:") {
                guard !path.isEmpty else { throw refuse("the path is missing") }
                return .file(path)
            }
            if let path = text.dropping(prefix: "v4l2:") {
                guard path.hasPrefix("/") else { throw refuse("the device must be an absolute path") }
                return .v4l2(path)
            }
            if text.hasPrefix("rtsp:") || text.hasPrefix("rtsps:") {
                throw refuse("RTSP cameras are not supported yet")
            }
            if text == "rpicam" || text.hasPrefix("rpicam:") {
                throw refuse("CSI cameras by rpicam-vid are not supported yet")
            }
            throw refuse("it is not a known source")
        }

        public var description: String {
            switch self {
            case .auto: "auto"
            case .file(let path): "file:\(path)"
            case .synthetic: "synthetic"
            case .v4l2(let path): "v4l2:\(path)"
            case .stamped: "stamped"
            case .none: "none"
            }
        }
    }
}

extension String {
    /// What follows `prefix`, nil if the string does not begin with it.
    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
