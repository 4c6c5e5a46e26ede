/// A session description (RFC 8866), as far as WebRTC needs it (RFC 8829 §5).
struct SessionDescription: Sendable, Hashable {
    /// Bounds of what is read. Chromium's largest offers have some 300 lines for each section.
    static let limitBytes = 128 << 10
    static let lineLimit = 4000
    static let sectionLimit = 64

    /// `o=`: who made it and which version of it this is (RFC 8866 §5.2).
    struct Origin: Sendable, Hashable {
        /// A number below 2^63, as text.
        var sessionID: String
        var version: UInt64
    }

    var origin: Origin
    /// The mids that share one transport (RFC 9143); empty without BUNDLE.
    var bundle: [String] = []
    /// What holds for every section that does not say otherwise.
    var transport = TransportDescription()
    var media: [MediaSection] = []

    init(origin: Origin, bundle: [String] = [], media: [MediaSection] = []) {
        self.origin = origin
        self.bundle = bundle
        self.media = media
    }

    /// What holds for `section`: what it says itself, what the first section of its bundle says (RFC 9143 §7.1.3), what the whole says.
    func transport(of section: MediaSection) -> TransportDescription {
        var transport = section.transport
        if let mid = section.mid, bundle.contains(mid), let tagged = media.first(where: { $0.mid == bundle.first }) {
            transport.complete(from: tagged.transport)
        }
        transport.complete(from: self.transport)
        return transport
    }
}

extension SessionDescription: CustomStringConvertible {
    /// The text, lines ended by CRLF.
    var description: String {
        var lines = ["v=0", "o=- \(origin.sessionID) \(origin.version) IN IP4 127.0.0.1", "s=-", "t=0 0"]
        if !bundle.isEmpty { lines.append("a=group:BUNDLE " + bundle.joined(separator: " ")) }
        lines += transport.lines
        for section in media { lines += section.lines }
        return lines.map { $0 + "\r\n" }.joined()
    }
}
