/// A set that several writers change at once without asking each other, and that comes out the same wherever the changes meet: an
/// optimized observed-remove set (Bieniusa et al. 2012, "An optimized conflict-free replicated set", §3).
///
/// Each addition carries a ``Dot`` that nobody uses twice. A removal takes away the dots that its writer saw, so an addition that it
/// did not see survives: add wins. The clock tells which dots were ever seen, so a missing dot below it was removed and one above it
/// is new. That is why removed elements need no tombstones, and why none comes back from whoever was away, however long.
///
/// ``merge(_:)`` is commutative, associative and idempotent.
struct ObservedRemoveSet<Element: Hashable & Comparable & Sendable>: Sendable, Hashable {
    /// One act of one writer.
    struct Dot: Sendable, Hashable, Comparable {
        /// Acts one after another, in one place.
        let actor: Identifier128
        let counter: UInt64
        static func < (a: Self, b: Self) -> Bool { (a.counter, a.actor) < (b.counter, b.actor) }
    }

    /// What is in the set, and by which additions.
    private(set) var dots: [Element: Set<Dot>] = [:]
    /// The highest counter seen of each actor.
    private(set) var clock: [Identifier128: UInt64] = [:]

    init() {}

    /// From what was stored. `nil` when it contradicts itself: a dot that its own clock does not know, or at two elements.
    init?(dots: [Element: Set<Dot>], clock: [Identifier128: UInt64]) {
        var seen: Set<Dot> = []
        for found in dots.values {
            guard !found.isEmpty else { return nil }
            for dot in found {
                guard dot.counter > 0, dot.counter <= clock[dot.actor] ?? 0, seen.insert(dot).inserted else { return nil }
            }
        }
        self.dots = dots
        self.clock = clock
    }

    /// Sorted.
    var elements: [Element] { dots.keys.sorted() }

    func contains(_ element: Element) -> Bool { dots[element] != nil }

    /// Whether everything that `other` ever saw was seen here.
    func covers(_ other: Self) -> Bool { other.clock.allSatisfy { clock[$0.key] ?? 0 >= $0.value } }

    /// One act: what is to be in the set, and what not. Both are about what this set shows now; others' acts stay.
    mutating func change(adding: some Sequence<Element>, removing: some Sequence<Element>, by actor: Identifier128) {
        for element in removing { dots[element] = nil }
        // Also an act that only removes has its own number: it must cover what it was made from.
        var counter = clock[actor] ?? 0
        counter += 1
        for element in adding {
            dots[element] = [Dot(actor: actor, counter: counter)]
            counter += 1
        }
        clock[actor] = counter
    }

    /// Takes in what was done elsewhere.
    mutating func merge(_ other: Self) {
        var merged: [Element: Set<Dot>] = [:]
        for element in Set(dots.keys).union(other.dots.keys) {
            let (ours, theirs) = (dots[element] ?? [], other.dots[element] ?? [])
            let kept = ours.filter { theirs.contains($0) || $0.counter > other.clock[$0.actor] ?? 0 }
                .union(theirs.filter { ours.contains($0) || $0.counter > clock[$0.actor] ?? 0 })
            if !kept.isEmpty { merged[element] = kept }
        }
        dots = merged
        clock.merge(other.clock) { max($0, $1) }
    }
}
