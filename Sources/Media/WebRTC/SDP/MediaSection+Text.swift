/// Reading and writing of media sections.
extension MediaSection {
    /// `video 9 UDP/TLS/RTP/SAVPF 96 97`
    init(mediaLine: Substring, number: Int) throws(SDPError) {
        let fields = mediaLine.split(separator: " ")
        // A port may be followed by how many there are: `9/2`.
        guard fields.count >= 4, let port = UInt16(fields[1].prefix { $0 != "/" }), fields.count - 3 <= Self.formatLimit else {
            throw .malformed(line: number, expected: "a media description")
        }
        // A format that is named twice is one format.
        var seen: Set<Substring> = []
        let formats = fields.dropFirst(3).filter { seen.insert($0).inserted }
        self.init(kind: Kind(fields[0]), port: port, protocolName: String(fields[2]), formats: formats.map(String.init))
    }

    mutating func take(_ attribute: SDPAttribute, number: Int) throws(SDPError) {
        if try transport.take(attribute, number: number) { return }
        if let direction = Direction(rawValue: String(attribute.name)) {
            self.direction = direction
            return
        }
        switch attribute.name {
        case "mid":
            guard !attribute.value.isEmpty, attribute.value.utf8.count <= 64, !attribute.value.contains(" ") else {
                throw .malformed(line: number, expected: "a mid")
            }
            mid = String(attribute.value)
        case "rtcp-mux": hasRTCPMux = true
        case "rtcp-rsize": hasReducedSizeRTCP = true
        case "bundle-only": isBundleOnly = true
        case "rtpmap": try takeMap(attribute.words, number: number)
        case "fmtp": takeParameters(attribute.value)
        case "rtcp-fb": takeFeedback(attribute.words)
        case "extmap": try takeExtension(attribute.words, number: number)
        case "ssrc": takeSource(attribute.words)
        case "ssrc-group":
            var words = attribute.words
            if let semantics = words.popFirst(), sourceGroups.count < Self.sourceLimit {
                sourceGroups.append(SourceGroup(semantics: String(semantics), ssrcs: words.prefix(16).compactMap { UInt32($0) }))
            }
        case "msid": msid = String(attribute.value)
        default: return
        }
    }

    /// `a=rtpmap:96 H264/90000`
    private mutating func takeMap(_ words: ArraySlice<Substring>, number: Int) throws(SDPError) {
        let fields = words.dropFirst().first?.split(separator: "/") ?? []
        guard let first = words.first, let type = UInt8(first), type < 128, fields.count >= 2, let rate = UInt32(fields[1]) else {
            throw .malformed(line: number, expected: "a map of a payload type")
        }
        payloads[type, default: PayloadFormat(payloadType: type)].encoding = String(fields[0])
        payloads[type, default: PayloadFormat(payloadType: type)].clockRate = rate
        payloads[type, default: PayloadFormat(payloadType: type)].channels = fields.count > 2 ? String(fields[2]) : nil
    }

    /// `a=fmtp:96 name=value;name=value`. What cannot be read is passed over: parameters belong to the codec.
    private mutating func takeParameters(_ text: Substring) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let type = UInt8(parts[0]), type < 128 else { return }
        for part in parts[1].split(separator: ";").prefix(64) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard let name = pair.first?.filter({ $0 != " " }).lowercased(), !name.isEmpty else { continue }
            let value = pair.count > 1 ? String(pair[1].drop { $0 == " " }) : ""
            payloads[type, default: PayloadFormat(payloadType: type)].parameters[name] = value
        }
    }

    /// `a=rtcp-fb:96 nack pli`
    private mutating func takeFeedback(_ words: ArraySlice<Substring>) {
        guard let first = words.first, words.count > 1 else { return }
        let feedback = words.dropFirst().joined(separator: " ")
        if first == "*" {
            if commonFeedback.count < 32 { commonFeedback.append(feedback) }
        } else if let type = UInt8(first), type < 128, payloads[type]?.feedback.count ?? 0 < 32 {
            payloads[type, default: PayloadFormat(payloadType: type)].feedback.append(feedback)
        }
    }

    /// `a=extmap:3/sendonly urn:…`
    private mutating func takeExtension(_ words: ArraySlice<Substring>, number: Int) throws(SDPError) {
        guard let parts = words.first?.split(separator: "/"), let first = parts.first, let id = UInt16(first), let uri = words.dropFirst().first else {
            throw .malformed(line: number, expected: "a map of a header extension")
        }
        // Identifiers from 4096 on wait for a number of this session (RFC 8285 §6), which we never ask for.
        guard let id = UInt8(exactly: id), id > 0, extensions.count < Self.extensionLimit else { return }
        extensions.append(HeaderExtensionMap(id: id, direction: parts.count > 1 ? Direction(rawValue: String(parts[1])) : nil, uri: String(uri)))
    }

    /// `a=ssrc:1234 cname:name`
    private mutating func takeSource(_ words: ArraySlice<Substring>) {
        guard let first = words.first, let ssrc = UInt32(first) else { return }
        var place = sources.firstIndex { $0.ssrc == ssrc }
        if place == nil, sources.count < Self.sourceLimit {
            sources.append(MediaSource(ssrc: ssrc))
            place = sources.count - 1
        }
        guard let place, let word = words.dropFirst().first, word.hasPrefix("cname:") else { return }
        sources[place].cname = String(word.dropFirst(6))
    }

    var lines: [String] {
        var lines = ["m=\(kind.text) \(port) \(protocolName) \(formats.joined(separator: " "))", "c=IN IP4 0.0.0.0"]
        if let mid { lines.append("a=mid:\(mid)") }
        if isBundleOnly { lines.append("a=bundle-only") }
        lines += transport.lines
        if let direction { lines.append("a=\(direction.rawValue)") }
        if let msid { lines.append("a=msid:\(msid)") }
        if hasRTCPMux { lines.append("a=rtcp-mux") }
        if hasReducedSizeRTCP { lines.append("a=rtcp-rsize") }
        for map in extensions { lines.append("a=extmap:\(map.id)\(map.direction.map { "/\($0.rawValue)" } ?? "") \(map.uri)") }
        lines += commonFeedback.map { "a=rtcp-fb:* \($0)" }
        for payload in orderedPayloads { lines += payload.lines }
        for group in sourceGroups { lines.append("a=ssrc-group:\(group.semantics) " + group.ssrcs.map(String.init).joined(separator: " ")) }
        for source in sources { lines.append("a=ssrc:\(source.ssrc) cname:\(source.cname ?? "-")") }
        return lines
    }
}

extension PayloadFormat {
    fileprivate var lines: [String] {
        guard !encoding.isEmpty else { return [] }
        var lines = ["a=rtpmap:\(payloadType) \(encoding)/\(clockRate)\(channels.map { "/\($0)" } ?? "")"]
        lines += feedback.map { "a=rtcp-fb:\(payloadType) \($0)" }
        if !parameters.isEmpty {
            let text = parameters.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
            lines.append("a=fmtp:\(payloadType) " + text.joined(separator: ";"))
        }
        return lines
    }
}
