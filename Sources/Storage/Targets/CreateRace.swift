import Foundation

/// Whether a target lets exactly one of two nodes make a file that both want at once, and shows it to the other one at once (mesh.md §4, "Access").
///
/// Two nodes run it under the same name at the same time, each on its own side. Without it no node can hold a lease there, so none trims it.
package struct CreateRace {
    /// Files that both want.
    package static let rounds = 200

    package enum Side: String, Codable, Sendable { case first, second }

    /// What one side saw.
    package struct Lap: Codable, Sendable, Equatable {
        /// Whether the other side came to the start. It never does where both have different storages under one name.
        package var met: Bool
        /// Files that it made, by number.
        package var won: [Int]
        /// Files of both that it saw right afterwards; nil: the other one did not come to the end in time.
        package var seen: Int?
    }

    /// 32 hexadecimal digits.
    private let name: String
    /// How long one waits for the other, at the start and at the end.
    private let patience: Duration
    private let isOver: @Sendable () -> Bool

    private static let directory = ".meshcam/race"
    private static let tick: UInt32 = 5000

    /// - Parameter isOver: asked again and again; once it is, `ECANCELED` ends the race.
    package init(name: String, patience: Duration = .seconds(10), isOver: @escaping @Sendable () -> Bool = { false }) {
        self.name = name
        self.patience = patience
        self.isOver = isOver
    }

    /// Whether that can be a race's name.
    package static func isName(_ text: String) -> Bool { text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }

    /// - Parameter node: whose race it is, the first side.
    package static func newName(of node: String) -> String { node.prefix(mark) + (0..<12).map { _ in UInt8.random(in: 0...255) }.hex }
    private static let mark = 8

    /// Blocks until both are through, or the other one has not come in time. What it made stays until ``clear(on:)``.
    package func run(on target: some TargetFiles, as side: Side) throws(TargetError) -> Lap {
        var lap = Lap(met: false, won: [], seen: nil)
        guard try meet("start", on: target, as: side) else { return lap }
        lap.met = true
        for number in 0..<Self.rounds {
            try check()
            do throws(TargetError) {
                try target.write([[UInt8](side.rawValue.utf8)], at: 0, of: file("\(number)"))
                lap.won.append(number)
            } catch {
                guard error.isNameTaken else { throw error }
            }
        }
        // The other one's last file is there by then.
        if try meet("end", on: target, as: side) {
            let wanted = Set((0..<Self.rounds).map { "\(name)-\($0)" })
            lap.seen = try target.list(Self.directory).count { wanted.contains($0.name) }
        }
        return lap
    }

    /// Removes all that this race, and earlier ones of its first side, left behind; for the first side, when the other one is through. What others left an hour ago
    /// goes with it.
    package func clear(on target: some TargetFiles) throws(TargetError) {
        let entries = try target.list(Self.directory)
        // By the target's own clock alone: this race's files are its newest.
        let newest = entries.filter { $0.name.hasPrefix(name) }.map(\.modified.seconds).max() ?? 0
        for entry in entries where entry.name.hasPrefix(name.prefix(Self.mark)) || entry.modified.seconds < newest - Self.age { try target.remove("\(Self.directory)/\(entry.name)") }
    }

    private static let age = 3600

    private func check() throws(TargetError) { if isOver() { throw TargetError(operation: "try", path: file("start"), code: TargetError.cancelled) } }

    private func file(_ part: String) -> String { "\(Self.directory)/\(name)-\(part)" }

    private func meet(_ place: String, on target: some TargetFiles, as side: Side) throws(TargetError) -> Bool {
        try target.write([[UInt8](side.rawValue.utf8)], at: 0, of: file("\(place)-\(side.rawValue)"))
        let other = file("\(place)-\((side == .first ? Side.second : .first).rawValue)")
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            try check()
            do throws(TargetError) {
                _ = try target.look(at: other)
                return true
            } catch {
                guard error.code == ENOENT else { throw error }
                usleep(Self.tick)
            }
        }
        return false
    }
}

/// What two nodes can build on at a target.
public enum TargetSharing: Sendable, Equatable {
    /// Every file was made by one of them alone, and seen by the other.
    case exclusive
    /// Both made so many of the files.
    case twoWinners(Int)
    /// Neither could make so many of them, or one of them did not see so many at once.
    case late(Int)
    /// They never met: what each has there is not the other's.
    case apart

    /// Nil where one of them was too slow for the other: that tells nothing of the target.
    package init?(_ one: CreateRace.Lap, _ other: CreateRace.Lap) {
        if !one.met, !other.met {
            self = .apart
            return
        }
        guard let seen = one.seen, let otherSeen = other.seen else { return nil }
        let both = Set(one.won).intersection(other.won).count
        let missing = CreateRace.rounds - min(Set(one.won).union(other.won).count, seen, otherSeen)
        self = both > 0 ? .twoWinners(both) : missing > 0 ? .late(missing) : .exclusive
    }
}
