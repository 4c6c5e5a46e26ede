extension Array {
    /// At most `count` different elements that `accepts`, picked at random: the beginning of a Fisher-Yates shuffle that moves
    /// nothing, so that picking three of a thousand costs as much as three of ten.
    func sample(
        _ count: Int, using rng: inout some RandomNumberGenerator, where accepts: (Element) -> Bool = { _ in true }
    ) -> [Element] {
        var picked: [Element] = []
        var moved: [Int: Int] = [:]
        var left = self.count
        while picked.count < count, left > 0 {
            let index = Int.random(in: 0..<left, using: &rng)
            let place = moved[index] ?? index
            left -= 1
            moved[index] = moved[left] ?? left
            if accepts(self[place]) { picked.append(self[place]) }
        }
        return picked
    }
}

extension Array {
    /// Where the element with that key is, or belongs, in this array, which is sorted by it.
    func place<Key: Comparable>(of key: Key, by property: (Element) -> Key) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = property(self[middle]) < key ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}

extension Array where Element: Comparable {
    /// Where `element` is, or belongs, in this sorted array.
    func place(of element: Element) -> Int { place(of: element, by: { $0 }) }
}
