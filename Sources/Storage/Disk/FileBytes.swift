/// Bytes that lie in a file of the local disk.
struct FileBytes: FragmentBytes {
    let disk: DirectoryTarget
    /// Relative to the disk's root.
    let file: String
    let offset: Int
    let count: Int

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        // Whoever may wait loads them first, and learns there what is wrong.
        let bytes = (try? read()) ?? []
        return try bytes.withUnsafeBytes(body)
    }

    func loaded() throws -> any FragmentBytes { try read() }

    private func read() throws(TargetError) -> [UInt8] {
        let bytes = try disk.read(file, at: offset, count: count)
        guard bytes.count == count else { throw TargetError(operation: "read", path: file, code: TargetError.shorter) }
        return bytes
    }
}
