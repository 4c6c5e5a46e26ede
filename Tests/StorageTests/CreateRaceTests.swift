import Foundation
import Synchronization
import Testing

@testable import Storage

@Suite struct CreateRaceTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-\(UUID().uuidString)").path

    private func make(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        return "\(directory)/\(name)"
    }

    /// Both sides at once, each on its own way to its storage.
    private func race(_ one: any TargetFiles, _ other: any TargetFiles, patience: Duration = .seconds(60)) async throws -> (TargetSharing?, won: [Int]) {
        let race = CreateRace(name: CreateRace.newName(of: .nodeA), patience: patience)
        func side(_ side: CreateRace.Side, _ target: any TargetFiles) async throws -> CreateRace.Lap {
            try await withCheckedThrowingContinuation { continuation in
                Thread { continuation.resume(with: Result { try race.run(on: Opened(base: target), as: side) }) }.start()
            }
        }
        async let first = side(.first, one)
        async let second = side(.second, other)
        let (a, b) = try await (first, second)
        try race.clear(on: Opened(base: one))
        return (TargetSharing(a, b), [a.won.count, b.won.count])
    }

    @Test func aDirectoryHasOneWinnerEachTime() async throws {
        let root = try make("nas")
        let location = try TargetLocation(root)
        let (sharing, won) = try await race(TargetProcess(location), TargetProcess(location))
        #expect(sharing == .exclusive && won.reduce(0, +) == CreateRace.rounds)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/.meshcam/race").isEmpty, "nothing stays behind")
    }

    @Test func aShareHasOneWinnerEachTime() async throws {
        let server = try SambaServer()
        let location = try TargetLocation("smb://127.0.0.1:\(server.port)/cam")
        let (sharing, won) = try await race(TargetProcess(location), TargetProcess(location))
        #expect(sharing == .exclusive && won.reduce(0, +) == CreateRace.rounds)
    }

    @Test func whatIsNotOneStorageIsFound() async throws {
        let (sharing, _) = try await race(DirectoryTarget(root: try make("porch")), DirectoryTarget(root: try make("garden")), patience: .milliseconds(50))
        #expect(sharing == .apart)
    }

    /// A share whose clients make files on their own, as some caches do.
    @Test func twoWinnersAreFound() async throws {
        let root = try make("nas")
        let (sharing, won) = try await race(Opened(base: DirectoryTarget(root: root), isExclusive: false), Opened(base: DirectoryTarget(root: root), isExclusive: false))
        #expect(sharing == .twoWinners(CreateRace.rounds) && won == [CreateRace.rounds, CreateRace.rounds])
    }

    /// A client that answers from an old listing.
    @Test func whoSeesNewFilesLateIsFound() async throws {
        let root = try make("nas")
        let (sharing, _) = try await race(DirectoryTarget(root: root), Opened(base: DirectoryTarget(root: root), hidden: 3))
        #expect(sharing == .late(3))
    }

    @Test func whoIsTooSlowTellsNothing() {
        let (whole, alone, cut) = (CreateRace.Lap(met: true, won: [1], seen: 200), CreateRace.Lap(met: false, won: [], seen: nil), CreateRace.Lap(met: true, won: [0], seen: nil))
        #expect(TargetSharing(whole, alone) == nil && TargetSharing(alone, whole) == nil && TargetSharing(whole, cut) == nil && TargetSharing(alone, alone) == .apart)
    }

    @Test func whatFailsIsNoAnswer() async throws {
        await #expect(throws: TargetError.self) { try await race(DirectoryTarget(root: "\(directory)/nowhere"), DirectoryTarget(root: "\(directory)/nowhere")) }
    }
}

/// A target that may lie in one way or another.
private struct Opened: TargetFiles {
    let base: any TargetFiles
    /// Whether making a file that is there fails, as it should.
    var isExclusive = true
    /// Races' files that its listings do not show yet.
    var hidden = 0

    func write(_ parts: [any FragmentBytes], at offset: Int, of file: String) throws(TargetError) {
        do throws(TargetError) { try base.write(parts, at: offset, of: file) } catch { if isExclusive || !error.isNameTaken { throw error } }
    }
    func list(_ directory: String) throws(TargetError) -> [TargetEntry] {
        let all = try base.list(directory)
        let isRound = { (entry: TargetEntry) in entry.name.split(separator: "-").last.flatMap { Int($0) } != nil }
        return all.filter { !isRound($0) } + all.filter(isRound).dropFirst(hidden)
    }
    func probe() throws(TargetError) { try base.probe() }
    func replace(_ file: String, with bytes: any FragmentBytes) throws(TargetError) { try base.replace(file, with: bytes) }
    func truncate(_ file: String, to count: Int) throws(TargetError) { try base.truncate(file, to: count) }
    func read(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] { try base.read(file, at: offset, count: count) }
    func digest(_ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] { try base.digest(file, at: offset, count: count) }
    func look(at file: String) throws(TargetError) -> TargetEntry { try base.look(at: file) }
    func remove(_ file: String) throws(TargetError) { try base.remove(file) }
    func space() throws(TargetError) -> TargetSpace { try base.space() }
}
