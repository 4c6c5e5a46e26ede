import Crypto

/// The running hash that ties a clip's fragments together: h0 = H(clip id ‖ init segment), h_i = H(h_{i−1} ‖ fragment), H = SHA-256.
///
/// One head vouches for every byte before it, in order; each byte is hashed once, on its way to storage.
public struct HashChain: Sendable {
    /// The newest link: 32 bytes.
    public private(set) var head: [UInt8]

    /// A link of which not all bytes are known yet.
    struct OpenLink {
        private var hash = SHA256()

        /// The first one.
        init(clip: ClipID) { hash.update(data: Array(clip.description.utf8)) }

        init(after head: [UInt8]) { hash.update(data: head) }

        mutating func append(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

        /// The head that it makes.
        func close() -> [UInt8] { Array(hash.finalize()) }
    }

    /// Begins with the init segment.
    public init(clip: ClipID, initSegment: UnsafeRawBufferPointer) {
        var link = OpenLink(clip: clip)
        link.append(initSegment)
        head = link.close()
    }

    /// Adds the next fragment.
    public mutating func append(_ fragment: UnsafeRawBufferPointer) {
        var link = OpenLink(after: head)
        link.append(fragment)
        head = link.close()
    }

    /// The head in lowercase hex.
    public var hex: String { head.hex }
}
