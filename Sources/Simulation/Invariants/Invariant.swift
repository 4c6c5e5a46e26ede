import Gossip

/// One of the numbered promises of mesh.md §7, as something that watches a run.
package protocol Invariant: Sendable {
    /// As in mesh.md §7.
    static var number: Int { get }
    /// In words.
    static var rule: String { get }
}

/// A promise was broken.
package struct Violation: Sendable, CustomStringConvertible {
    package let number: Int
    package let rule: String
    package let at: VirtualTime
    package let what: String

    init<Broken: Invariant>(of invariant: Broken.Type, at time: VirtualTime, _ what: String) {
        number = invariant.number
        rule = invariant.rule
        at = time
        self.what = what
    }

    package var description: String { "invariant \(number) (\(rule)) broken at \(at): \(what)" }
}
