/// Candidates that come after the description, as WHEP's PATCH carries them: `application/trickle-ice-sdpfrag` (RFC 8840 §9).
struct TrickleFragment: Sendable, Hashable {
    static let limitBytes = 32 << 10

    /// Of the generation that the candidates belong to; new ones restart ICE (RFC 8840 §4.4).
    var transport: TransportDescription
    /// The section that they are for; with BUNDLE there is one transport, so that it does not matter.
    var mid: String?

    init(transport: TransportDescription, mid: String? = nil) {
        self.transport = transport
        self.mid = mid
    }

    init(_ text: String) throws(SDPError) {
        guard text.utf8.count <= Self.limitBytes else { throw .tooLarge(limitBytes: Self.limitBytes) }
        transport = TransportDescription()
        var lines = SDPLines(text)
        while let line = try lines.next() {
            guard line.kind == "a" else { continue }
            let attribute = SDPAttribute(line.value)
            if attribute.name == "mid" {
                // The first section's: with BUNDLE it has the transport.
                if mid == nil { mid = String(attribute.value.prefix(64)) }
            } else {
                _ = try transport.take(attribute, number: lines.number)
            }
        }
    }

    /// The text, lines ended by CRLF. A section must be named for its attributes to belong to one (RFC 8840 §9).
    var description: String {
        var session = transport
        session.candidates = []
        session.endOfCandidates = false
        var media = TransportDescription()
        media.candidates = transport.candidates
        media.endOfCandidates = transport.endOfCandidates
        var lines = session.lines + ["m=video 9 UDP/TLS/RTP/SAVPF 0"]
        if let mid { lines.append("a=mid:\(mid)") }
        return (lines + media.lines).map { $0 + "\r\n" }.joined()
    }
}
