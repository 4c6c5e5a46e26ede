import Crypto

/// The running hash that ties a clip's fragments together: h0 = H(clip id ‖ init segment), h_i = H(h_{i−1} ‖ fragment), H = SHA-256.
///
/// One head vouches for every byte before it, in order; each byte is hashed once, on its way to storage.
public struct HashChain: Sendable {
    /// The newest link: 32 bytes.
    public private(set) var head: [UInt8]

    /// Begins with the init segment.
    public init(clip: ClipID, initSegment: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(data: Array(clip.description.utf8))
        hash.update(bufferPointer: initSegment)
        head = Array(hash.finalize())
    }

    /// Adds the next fragment.
    public mutating func append(_ fragment: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(data: head)
        hash.update(bufferPointer: fragment)
        head = Array(hash.finalize())
    }

    /// The head in lowercase hex.
    public var hex: String { head.hex }
}
