import Testing

@testable import Media

/// What a receiver says of what it got, as our own sender reads it.
@Suite struct ReceptionTests {
    private let start = MonotonicTime.now
    private func at(_ milliseconds: Int) -> MonotonicTime { start + .milliseconds(milliseconds) }

    private func header(_ sequence: UInt16, transport: UInt16, payloadType: UInt8 = 102, ssrc: UInt32 = 7) -> RTPHeader {
        RTPHeader(
            payloadType: payloadType, sequenceNumber: sequence, timestamp: 0, ssrc: ssrc,
            extensions: RTPHeaderExtensions([.init(id: 1, data: [UInt8(transport >> 8), UInt8(truncatingIfNeeded: transport)])]))
    }

    private func reception() -> Reception { Reception(ssrc: 77, payloadType: 102, transportID: 1, now: start) }

    @Test func lossesAreCountedAcrossTheWrap() {
        var reception = reception()
        #expect(reception.lost == 0)
        for number in [65_530, 65_531, 65_533, 65_535, 0, 1, 3] as [UInt16] { reception.received(header(number, transport: number), size: 100, now: at(1)) }
        // 65532, 65534 and 2 are missing; then one of them comes late, and one comes twice.
        #expect(reception.lost == 3 && reception.packets == 7 && reception.bytes == 700)
        reception.received(header(65_532, transport: 9), size: 100, now: at(2))
        #expect(reception.lost == 2)
        // A retransmission in a stream of its own is none of the media's packets.
        reception.received(header(1, transport: 10, payloadType: 103, ssrc: 8), size: 100, now: at(2))
        #expect(reception.lost == 2 && reception.packets == 9)
        let blocks = reception.reports(now: at(1000)).compactMap { if case .receiverReport(let report) = $0 { report.blocks[0] } else { nil } }
        #expect(blocks.map(\.cumulativeLost) == [2] && blocks[0].ssrc == 7 && blocks[0].highestSequence & 0xffff == 3)
    }

    @Test func arrivalsAreReportedOnceAndInOrder() throws {
        var reception = reception()
        for (number, arrival) in [(10, 3), (11, 5), (13, 9)] { reception.received(header(UInt16(number), transport: UInt16(number)), size: 1, now: at(arrival)) }
        #expect(reception.reports(now: at(40)).isEmpty, "not due yet")
        func feedback(_ milliseconds: Int) -> TransportFeedback? {
            reception.reports(now: at(milliseconds)).compactMap { if case .transportFeedback(let feedback) = $0 { feedback } else { nil } }.first
        }
        let first = try #require(feedback(50))
        #expect(first.baseSequence == 10 && first.arrivals.map { $0 != nil } == [true, true, false, true] && first.feedbackCount == 0)
        let times = first.arrivals.compactMap { $0 }
        #expect(times == [12, 20, 36], "in quarters of a millisecond")
        #expect(feedback(100) == nil, "nothing new")
        // Late: the number was reported as missing, and is not reported again.
        reception.received(header(12, transport: 12), size: 1, now: at(110))
        #expect(feedback(150) == nil)
        reception.received(header(14, transport: 14), size: 1, now: at(160))
        let last = try #require(feedback(200))
        #expect(last.baseSequence == 14 && last.arrivals.count == 1 && last.feedbackCount == 1)
        // As the sender reads it.
        var bytes: [UInt8] = []
        RTCPPacket.transportFeedback(first).write(to: &bytes)
        guard case .transportFeedback(let read)? = RTCPPacket.compound(in: bytes[...]).first else { throw CancellationError() }
        #expect(read.arrivals == first.arrivals && read.baseSequence == 10)
    }

    /// After a gap that no report spans, another one begins.
    @Test func aLongGapIsNoLongReport() throws {
        var reception = reception()
        reception.received(header(1, transport: 1), size: 1, now: at(1))
        _ = reception.reports(now: at(50))
        reception.received(header(2, transport: 30_000), size: 1, now: at(60))
        let feedback = reception.reports(now: at(110)).compactMap { if case .transportFeedback(let feedback) = $0 { feedback } else { nil } }.first
        #expect(try #require(feedback).arrivals.count <= 2048 && feedback?.arrivals.last != nil)
    }
}
