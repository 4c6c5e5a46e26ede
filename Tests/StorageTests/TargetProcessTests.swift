import Foundation
import Testing

@testable import Storage

@Suite struct TargetProcessTests {
    private let root: String

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    private func process(patience: Duration = .seconds(20)) throws -> TargetProcess { TargetProcess(try TargetLocation(root), patience: patience) }

    private func code(_ work: () throws -> Void) -> Int32? {
        do { try work() } catch let error as TargetError { return error.code } catch {}
        return nil
    }

    @Test func whatHangsIsEndedAndBegunAnew() throws {
        let target = try process(patience: .seconds(3))
        try target.replace("a", with: [1])
        let hanging = try #require(target.pid)
        kill(hanging, SIGSTOP)
        let began = ContinuousClock.now
        #expect(code { try target.replace("a", with: [2]) } == ETIMEDOUT)
        #expect(ContinuousClock.now - began < .seconds(15))
        #expect(kill(hanging, 0) != 0, "it is gone")
        try target.replace("a", with: [3])
        #expect(target.pid != hanging && FileManager.default.contents(atPath: "\(root)/a") == Data([3]))
    }

    /// A large write blocks in the socket where nobody reads it.
    @Test func aHangInTheMiddleOfAWriteEndsToo() throws {
        let target = try process(patience: .seconds(3))
        try target.replace("a", with: [1])
        kill(try #require(target.pid), SIGSTOP)
        #expect(code { try target.replace("a", with: [UInt8](repeating: 7, count: 512 << 10)) } == ETIMEDOUT)
        #expect(FileManager.default.contents(atPath: "\(root)/a") == Data([1]))
    }

    @Test func oneThatIsKilledIsBegunAnew() throws {
        let target = try process()
        try target.replace("a", with: [1])
        kill(try #require(target.pid), SIGKILL)
        #expect(code { try target.replace("a", with: [2]) } == EPIPE)
        try target.replace("a", with: [3])
        #expect(FileManager.default.contents(atPath: "\(root)/a") == Data([3]))
    }

    @Test func itHasNothingOfTheNode() throws {
        // What the node has open is not the child's.
        let secret = open("/dev/null", O_RDONLY)
        defer { close(secret) }
        let target = try process()
        try target.probe()
        let pid = try #require(target.pid)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").sorted() == ["0", "1", "2"])
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        #expect(status.contains("NoNewPrivs:\t1"))
        let environment = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/environ"))
        let names = environment.split(separator: 0).compactMap { String(decoding: $0, as: UTF8.self).split(separator: "=").first.map(String.init) }
        #expect(Set(names).isSubset(of: ["PATH", "LD_LIBRARY_PATH", "LANG"]))
        kill(pid, SIGTERM)
        kill(pid, SIGINT)
        try target.replace("a", with: [1])
        #expect(target.pid == pid, "it ends when the node lets go of it, and not before")
        target.end()
        #expect(kill(pid, 0) != 0)
    }

    @Test func oneThatNobodyUsesEnds() throws {
        let target = try process()
        try target.probe()
        target.end(ifIdleFor: .seconds(60))
        #expect(target.pid != nil)
        target.end(ifIdleFor: .zero)
        #expect(target.pid == nil)
    }

    @Test func aRootThatIsNotThereIsToldAndTakenWhenItComes() throws {
        let target = TargetProcess(try TargetLocation("\(root)/later"))
        #expect(code { try target.probe() } == ENOENT)
        try FileManager.default.createDirectory(atPath: "\(root)/later", withIntermediateDirectories: false)
        try target.probe()
    }

    /// Whoever asks at once from many threads is answered one after the other.
    @Test func manyAskAtOnce() async throws {
        let target = try process()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await TargetQueue.shared.run { () throws(TargetError) in
                        try target.replace("\(number)", with: [UInt8](repeating: UInt8(number), count: 1000 + number))
                    }
                    let bytes = try await TargetQueue.shared.run { () throws(TargetError) in try target.readAll("\(number)", limit: 4000) }
                    #expect(bytes == [UInt8](repeating: UInt8(number), count: 1000 + number))
                }
            }
            try await group.waitForAll()
        }
    }

    /// A child that was altered or is not ours says nonsense.
    @Test(arguments: 0..<200) func nonsenseIsAnError(seed: Int) throws {
        var random = SplitMix64(UInt64(seed))
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[0]) }
        var bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        // Half of them with a length that is plausible.
        if seed % 2 == 0, bytes.count >= 4 { bytes.replaceSubrange(0..<4, with: [0, 0, 0, UInt8(bytes.count - 4)]) }
        try #require(write(ends[1], bytes, bytes.count) == bytes.count)
        close(ends[1])
        let channel = TargetChannel(descriptor: ends[0])
        do throws(TargetChannel.Failure) {
            _ = try channel.receive(WireTargetReply.self, payload: \.payloadBytes, until: .now + .seconds(5))
        } catch {
            #expect(error != .deadline)
        }
    }
}
