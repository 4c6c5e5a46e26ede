import Glibc
import Testing

@testable import Media

/// Two real sockets on the loopback.
@Suite struct DatagramPortTests {
    private final class Ends {
        var here: DatagramPort
        var there: DatagramPort
        init(cuts: Bool) throws {
            here = try DatagramPort(port: 0, cuts: cuts)
            there = try DatagramPort(port: 0)
        }

        /// From `here` to `there`, by these addresses.
        func path(_ from: String, _ to: String) throws -> IcePath {
            IcePath(
                local: try #require(TransportAddress(from, port: here.port)), remote: try #require(TransportAddress(to, port: there.port)))
        }

        /// What comes there until `count` are there.
        func received(_ count: Int) -> [(bytes: [UInt8], path: IcePath)] {
            var all: [(bytes: [UInt8], path: IcePath)] = []
            let deadline = ContinuousClock.now + .seconds(10)
            while all.count < count, ContinuousClock.now < deadline {
                while there.receive({ all.append(($0, $1)) }) == DatagramPort.batch {}
                guard all.count < count else { break }
                var waiting = pollfd(fd: there.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&waiting, 1, 100)
            }
            return all
        }
    }

    /// With the kernel's cutting and without it, whatever the last one's length.
    @Test(arguments: [true, false]) func manyDatagramsArriveAsTheyWere(cuts: Bool) throws {
        let ends = try Ends(cuts: cuts)
        let path = try ends.path("127.0.0.1", "127.0.0.1")
        var buffer: [UInt8] = []
        var batches: [DatagramPort.Batch] = []
        var expected: [[UInt8]] = []
        // 70 of one length, so that one send is not enough; then short ones.
        for (count, length, last) in [(70, 1200, 1200), (5, 900, 17), (1, 60, 60), (3, 1, 1)] {
            let begin = buffer.count
            for number in 0..<count {
                let datagram = [UInt8](repeating: UInt8(truncatingIfNeeded: number + length), count: number == count - 1 ? last : length)
                expected.append(datagram)
                buffer += datagram
            }
            batches.append(.init(path: path, bytes: begin..<buffer.count, segment: length))
        }
        _ = buffer.withUnsafeBytes { ends.here.send($0, batches) }
        let came = ends.received(expected.count)
        #expect(came.map(\.bytes) == expected && ends.here.lost == 0)
        #expect(came.allSatisfy { $0.path == IcePath(local: path.remote, remote: path.local) })
    }

    /// 127.0.0.2 is this machine, too: what comes there is seen to, and what is sent from there says so.
    @Test func eachDatagramTellsItsAddresses() throws {
        let ends = try Ends(cuts: true)
        for (from, to) in [("127.0.0.2", "127.0.0.3"), ("::1", "::1"), ("127.0.0.1", "127.0.0.1")] {
            let path = try ends.path(from, to)
            _ = ([1, 2, 3] as [UInt8]).withUnsafeBytes { ends.here.send($0, [.init(path: path, bytes: 0..<3, segment: 3)]) }
            let came = ends.received(1)
            #expect(came.count == 1 && came[0].bytes == [1, 2, 3] && came[0].path == IcePath(local: path.remote, remote: path.local))
        }
    }

    /// No way there, or not from that address: the rest goes all the same.
    @Test func whatCannotBeSentIsCountedAndStopsNothing() throws {
        let ends = try Ends(cuts: true)
        let good = try ends.path("127.0.0.1", "127.0.0.1")
        let notOurs = try ends.path("192.0.2.1", "127.0.0.1")
        let buffer = [UInt8](repeating: 7, count: 3000)
        _ = buffer.withUnsafeBytes {
            ends.here.send(
                $0,
                [
                    .init(path: notOurs, bytes: 0..<3000, segment: 1000), .init(path: good, bytes: 0..<1000, segment: 1000),
                    .init(path: notOurs, bytes: 0..<10, segment: 10), .init(path: good, bytes: 1000..<2500, segment: 1000),
                ])
        }
        #expect(ends.received(3).map(\.bytes.count) == [1000, 1000, 500])
        #expect(ends.here.lost == 4)
    }

    /// A datagram that is longer than ours ever are is left out, and the next one is read.
    @Test func tooLongOnesAreLeftOut() throws {
        let ends = try Ends(cuts: false)
        let path = try ends.path("127.0.0.1", "127.0.0.1")
        let buffer = [UInt8](repeating: 9, count: 5000)
        _ = buffer.withUnsafeBytes { ends.here.send($0, [.init(path: path, bytes: 0..<4000, segment: 4000), .init(path: path, bytes: 0..<20, segment: 20)]) }
        #expect(ends.received(1).map(\.bytes.count) == [20])
    }

    @Test func aTakenPortIsNamedWithItsCure() throws {
        let taken = try DatagramPort(port: 0)
        let port = taken.port
        let error = #expect(throws: MediaError.self) { _ = try DatagramPort(port: port) }
        #expect(error?.text.isEmpty == false && error?.cure.contains("another") == true && error?.description.contains("\(port)") == true)
        _ = consume taken
    }
}
