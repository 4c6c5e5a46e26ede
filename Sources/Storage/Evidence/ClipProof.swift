/// What the signatures on a clip say of the bytes in its file.
public struct ClipProof: Sendable, Equatable {
    /// What the signed facts say, which name the head of the whole.
    public enum Finding: Sendable, Equatable {
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
    }

    public let finding: Finding
    /// Bytes, from the first on, that the camera signed while it recorded them (``SignedHead``). Right even where the facts are lost or the end is.
    public let signedWhileRecorded: Int
    /// A signature inside the file is not right where it stands: somebody put it there, or altered what it covers.
    public let hasWrongSignature: Bool
    /// The peers' countersignatures among the facts whose head the file has. Whether they are theirs is the caller's to check.
    public let witnesses: [Witness]

    /// Computes the hash chain anew and compares.
    ///
    /// - Parameters:
    ///   - facts: of a manifest whose signature is right; that is the caller's to check.
    ///   - size: bytes in the file.
    ///   - isSigned: whether a signature in the file is the camera's.
    ///   - read: bytes at (offset, count); fewer at the end of the file.
    public init(of facts: ClipFacts, size: Int, isSigned: @escaping @Sendable (SignedHead) -> Bool, read: (_ offset: Int, _ count: Int) throws -> [UInt8]) rethrows {
        let told = (facts.witnesses ?? []).prefix(ClipFacts.witnessLimit)
        let chain = try FileChain(
            clip: facts.id, size: size, limit: facts.head == nil ? .max : facts.fragments, marks: Set(told.map(\.fragments)), isSigned: isSigned, read: read)
        witnesses = told.filter { chain.heads[$0.fragments]?.hex == $0.head }
        signedWhileRecorded = chain.signed?.bytes ?? 0
        hasWrongSignature = chain.hasWrongSignature
        if let head = facts.head {
            if size < facts.bytes {
                finding = .cut(missing: facts.bytes - size)
            } else if chain.fragments == facts.fragments, chain.head?.hex == head, !chain.hasWrongSignature {
                finding = chain.bytes == size ? .whole : .beginning(bytes: chain.bytes)
            } else {
                finding = .altered
            }
        } else {
            finding = chain.hasWrongSignature ? .altered : .unsigned
        }
    }
}
