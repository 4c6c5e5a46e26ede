/// What the signed facts of a clip say of the bytes in its file.
public enum ClipProof: Sendable, Equatable {
    /// All of it is as it was signed.
    case whole
    /// The first `bytes` are as they were signed; nobody vouches for the rest, which came later, or in another way.
    case beginning(bytes: Int)
    /// Something in what was signed is not as it was.
    case altered
    /// The file ends before what was signed does.
    case cut(missing: Int)
    /// The facts were signed before there was anything to vouch for: its camera vanished, or still records.
    case unsigned

    /// Computes the hash chain anew and compares.
    ///
    /// - Parameters:
    ///   - facts: of a manifest whose signature is right; that is the caller's to check.
    ///   - size: bytes in the file.
    ///   - read: bytes at (offset, count); fewer at the end of the file.
    public init(of facts: ClipFacts, size: Int, read: (_ offset: Int, _ count: Int) throws -> [UInt8]) rethrows {
        guard let head = facts.head else {
            self = .unsigned
            return
        }
        let chain = try FileChain(clip: facts.id, size: size, limit: facts.fragments, read: read)
        if chain.fragments == facts.fragments, chain.head?.hex == head {
            self = chain.bytes == size ? .whole : .beginning(bytes: chain.bytes)
        } else if size < facts.bytes {
            self = .cut(missing: facts.bytes - size)
        } else {
            self = .altered
        }
    }
}
