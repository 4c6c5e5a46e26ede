import Testing

@testable import Storage

@Suite struct HashChainTests {
    private let clip = ClipID(node: String(repeating: "a", count: 32), boot: 1, counter: 2)

    private func heads(_ parts: [[UInt8]]) -> [String] {
        var chain = parts[0].withUnsafeBytes { HashChain(clip: clip, initSegment: $0) }
        return [chain.hex] + parts.dropFirst().map { part in
            part.withUnsafeBytes { chain.append($0) }
            return chain.hex
        }
    }

    /// Computed with Python's hashlib: h0 = SHA-256(clip id ‖ init segment), h_i = SHA-256(h_(i-1) ‖ fragment).
    @Test func everyLinkIsAsAnotherProgramComputesIt() {
        #expect(heads([[1, 2, 3], [4, 5], [6]]) == [
            "0e1165c7bee3046f21f04b6e9ced5884ea842fffd2042985add238e6dfae7ccd",
            "90ca488877bcaf4e96ac6cc8842dbbd052f08f2026c548ca0c57f6c84a7d22bc",
            "9c5c75efe0537b75517de11c9a0e60a9907e0984657b33f0fabda2ef42a7af09",
        ])
    }

    /// The head vouches for every byte before it, in order.
    @Test(arguments: [[[1, 2, 3], [4, 9], [6]], [[1, 2, 3], [6], [4, 5]], [[0, 2, 3], [4, 5], [6]], [[1, 2, 3], [6]]] as [[[UInt8]]])
    func anyOtherPastHasAnotherHead(parts: [[UInt8]]) {
        #expect(heads(parts).last != heads([[1, 2, 3], [4, 5], [6]]).last)
    }
}
