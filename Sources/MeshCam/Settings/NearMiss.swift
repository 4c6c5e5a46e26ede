/// Finds what somebody probably meant.
enum NearMiss {
    /// The candidate closest to `text`, if it is close enough to be a slip: the same but for case, `_` and `-`, or at most
    /// a third of its characters inserted, removed, replaced or swapped with a neighbour.
    static func best(for text: String, among candidates: some Sequence<String>) -> String? {
        let wanted = folded(text)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let known = folded(candidate)
            let distance = distance(wanted, known)
            guard distance <= max(1, min(wanted.count, known.count) / 3) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    private static func folded(_ text: String) -> [Character] {
        text.lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 }
    }

    /// Optimal string alignment distance (Levenshtein with swaps of neighbours).
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
