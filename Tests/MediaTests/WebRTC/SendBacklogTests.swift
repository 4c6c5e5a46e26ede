import Testing

@testable import Media

@Suite struct SendBacklogTests {
    private let path = IcePath(local: TransportAddress("10.0.0.1", port: 1)!, remote: TransportAddress("10.0.0.2", port: 2)!)

    private let start = MonotonicTime.now

    /// A kernel that has room for so many batches at a time.
    private struct Kernel {
        var room = 0
        var sent: [[UInt8]] = []

        mutating func take(_ buffer: UnsafeRawBufferPointer, _ batches: [DatagramPort.Batch]) -> [DatagramPort.Batch] {
            sent += batches.prefix(room).map { Array(buffer[$0.bytes]) }
            return Array(batches.dropFirst(room))
        }
    }

    /// In whatever pieces it goes: everything once, in order, and no memory is kept.
    @Test(arguments: 1...7) func allGoesOutInOrder(room: Int) {
        var (backlog, kernel, expected) = (SendBacklog(), Kernel(room: room), [[UInt8]]())
        for round in 0..<40 as Range<UInt8> {
            // Only every other round brings something, so that there is an end.
            if round < 20 {
                let buffer = [round] + [UInt8](repeating: 100 + round, count: 50) + [200 + round]
                let ranges = [1..<51, 51..<52, 0..<1]
                backlog.append(ranges.map { .init(path: path, bytes: $0, segment: 20) }, of: buffer, now: start)
                expected += ranges.map { Array(buffer[$0]) }
            }
            backlog.drain(now: start) { kernel.take($0, $1) }
        }
        while !backlog.isEmpty { backlog.drain(now: start) { kernel.take($0, $1) } }
        #expect(kernel.sent == expected && backlog.lost == 0)
    }

    /// What a network cannot carry in time is left out, and holds up nothing.
    @Test func whatIsTooOldIsLeftOut() {
        var (backlog, kernel) = (SendBacklog(), Kernel())
        let late = start + SendBacklog.patience + .milliseconds(1)
        backlog.append([.init(path: path, bytes: 0..<45, segment: 20)], of: [UInt8](repeating: 1, count: 45), now: start)
        backlog.append([.init(path: path, bytes: 0..<5, segment: 5)], of: [2, 2, 2, 2, 2], now: start + .milliseconds(100))
        backlog.drain(now: start + SendBacklog.patience) { kernel.take($0, $1) }
        #expect(backlog.lost == 0, "not too old yet")
        kernel.room = 1
        backlog.drain(now: late) { kernel.take($0, $1) }
        #expect(kernel.sent == [[2, 2, 2, 2, 2]] && backlog.lost == 3 && backlog.isEmpty)
    }

    /// The kernel takes a long batch in pieces: those that are left are as old as the batch.
    @Test func piecesAreAsOldAsTheirBatch() {
        var backlog = SendBacklog()
        let path = path
        backlog.append([.init(path: path, bytes: 0..<30, segment: 10), .init(path: path, bytes: 30..<40, segment: 10)], of: Array(0..<40), now: start)
        backlog.append([.init(path: path, bytes: 0..<1, segment: 1)], of: [9], now: start + SendBacklog.patience)
        backlog.drain(now: start + .milliseconds(1)) { _, batches in
            [.init(path: path, bytes: 10..<20, segment: 10), .init(path: path, bytes: 20..<30, segment: 10)] + batches.dropFirst()
        }
        var sent: [[UInt8]] = []
        backlog.drain(now: start + SendBacklog.patience * 2) { buffer, batches in
            sent = batches.map { Array(buffer[$0.bytes]) }
            return []
        }
        #expect(sent == [[9]] && backlog.lost == 3)
    }

    @Test func whatWaitsIsBounded() {
        var (backlog, kernel) = (SendBacklog(), Kernel(room: 1))
        let buffer = [UInt8](repeating: 7, count: SendBacklog.limit / 4)
        for _ in 0..<5 { backlog.append([.init(path: path, bytes: buffer.indices, segment: buffer.count / 8)], of: buffer, now: start) }
        #expect(backlog.lost == 8)
        for _ in 0..<3 { backlog.drain(now: start) { kernel.take($0, $1) } }
        backlog.append([.init(path: path, bytes: buffer.indices, segment: buffer.count)], of: buffer, now: start)
        #expect(backlog.lost == 8, "room again")
    }
}
