/// When each packet of the transport arrived, by the receiver's clock (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
struct TransportFeedback: Sendable, Hashable {
    /// FMT of transport-layer feedback.
    static let format: UInt8 = 15
    /// The header extension with the sequence number that this feedback is about (§2).
    static let extensionURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    /// Packets that one message may report on. Two bytes can claim 8191, so that a short message could cost much; browsers report
    /// every 50 to 250 ms, some hundred packets.
    static let packetLimit = 8192
    /// Length of a tick, the unit of arrival times.
    static let tick = Duration.microseconds(250)
    /// Ticks of one unit of the reference time, 64 ms.
    static let ticksPerReference: Int64 = 256

    var senderSSRC: UInt32
    var mediaSSRC: UInt32
    /// The transport-wide sequence number that `arrivals` begins with.
    var baseSequence: UInt16
    /// In 64 ms from an arbitrary origin; 24 bits with sign, so that it wraps after 12 days.
    var referenceTime: Int32
    /// Counts the messages, to see lost ones.
    var feedbackCount: UInt8
    /// Arrival in ticks after the reference time, in order of sequence numbers; nil for packets not received.
    var arrivals: [Int32?]

    init(
        senderSSRC: UInt32, mediaSSRC: UInt32, baseSequence: UInt16, referenceTime: Int32, feedbackCount: UInt8, arrivals: [Int32?]
    ) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
        self.baseSequence = baseSequence
        self.referenceTime = referenceTime
        self.feedbackCount = feedbackCount
        self.arrivals = arrivals
    }

    init?(reader: inout ByteReader) {
        guard let sender = reader.readUInt32(), let media = reader.readUInt32(), let base = reader.readUInt16(),
            let count = reader.readUInt16(), (1...Self.packetLimit).contains(Int(count)), let reference = reader.readUInt24(),
            let feedbackCount = reader.readUInt8(), let symbols = TransportFeedbackSymbols.read(Int(count), from: &reader)
        else { return nil }
        senderSSRC = sender
        mediaSSRC = media
        baseSequence = base
        referenceTime = Int32(bitPattern: reference << 8) >> 8
        self.feedbackCount = feedbackCount
        arrivals = []
        arrivals.reserveCapacity(symbols.count)
        var time: Int32 = 0
        for symbol in symbols {
            switch symbol {
            case .notReceived:
                arrivals.append(nil)
                continue
            case .smallDelta:
                guard let delta = reader.readUInt8() else { return nil }
                time += Int32(delta)
            case .largeDelta:
                guard let delta = reader.readUInt16() else { return nil }
                time += Int32(Int16(bitPattern: delta))
            }
            // At most 8192 steps of 16 bits: the sum stays far inside 32 bits.
            arrivals.append(time)
        }
    }

    /// Appends the message. A step that 16 bits cannot say (over 8 s) is cut: a receiver begins another message there.
    func write(to bytes: inout [UInt8]) {
        var symbols: [TransportFeedbackSymbols.Symbol] = []
        var deltas: [UInt8] = []
        var time: Int32 = 0
        for arrival in arrivals.prefix(Self.packetLimit) {
            guard let arrival else {
                symbols.append(.notReceived)
                continue
            }
            let delta = max(Int32(Int16.min), min(Int32(Int16.max), arrival &- time))
            time &+= delta
            if let small = UInt8(exactly: delta) {
                symbols.append(.smallDelta)
                deltas.append(small)
            } else {
                symbols.append(.largeDelta)
                deltas.append(bigEndian: UInt16(bitPattern: Int16(truncatingIfNeeded: delta)))
            }
        }
        RTCPHeader.append(count: Self.format, packetType: RTCPHeader.PacketType.transportLayerFeedback, to: &bytes) { bytes in
            bytes.append(bigEndian: senderSSRC)
            bytes.append(bigEndian: mediaSSRC)
            bytes.append(bigEndian: baseSequence)
            bytes.append(bigEndian: UInt16(symbols.count))
            bytes.append(bigEndian24: UInt32(bitPattern: referenceTime))
            bytes.append(feedbackCount)
            TransportFeedbackSymbols.write(symbols, to: &bytes)
            bytes += deltas
        }
    }
}
