import Crypto

/// SHA-256 of a part of a file, read piece by piece.
package enum Digest {
    private static let piece = 1 << 20

    /// Of fewer than `count` bytes where the file is shorter.
    package static func of(_ files: some TargetFiles, _ file: String, at offset: Int, count: Int) throws(TargetError) -> [UInt8] {
        var hash = SHA256()
        var done = 0
        while done < count {
            let bytes = try files.read(file, at: offset + done, count: min(piece, count - done))
            if bytes.isEmpty { break }
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
            done += bytes.count
        }
        return Array(hash.finalize())
    }

    static func of(_ parts: [any FragmentBytes]) -> [UInt8] {
        var hash = SHA256()
        for part in parts { Bytes(part).withBytes { hash.update(bufferPointer: $0) } }
        return Array(hash.finalize())
    }

    /// Loads one part after the other (``FragmentBytes/loaded()``).
    static func ofLoaded(_ parts: [any FragmentBytes]) throws -> [UInt8] {
        var hash = SHA256()
        for part in parts { Bytes(try part.loaded()).withBytes { hash.update(bufferPointer: $0) } }
        return Array(hash.finalize())
    }
}
