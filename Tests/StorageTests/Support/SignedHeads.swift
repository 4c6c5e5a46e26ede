@testable import Storage

extension [UInt8] {
    /// A file without the signatures in it, for tests whose fragments are no MP4.
    var withoutSignedHeads: [UInt8] {
        var rest = self[...]
        var kept: [UInt8] = []
        while let first = rest.first {
            if rest.count >= SignedHead.size, SignedHead(box: Array(rest.prefix(SignedHead.size))) != nil {
                rest = rest.dropFirst(SignedHead.size)
            } else {
                kept.append(first)
                rest = rest.dropFirst()
            }
        }
        return kept
    }
}
