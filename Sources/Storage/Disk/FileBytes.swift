import Foundation

/// Bytes that lie in a file of the local disk.
struct FileBytes: FragmentBytes {
    let file: String
    let offset: Int
    let count: Int

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        // Whoever may wait loads them first, and learns there what is wrong.
        let bytes = (try? read()) ?? []
        return try bytes.withUnsafeBytes(body)
    }

    func loaded() throws -> any FragmentBytes { try read() }

    private func read() throws(DiskError) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskError(file: file, code: errno) }
        defer { close(descriptor) }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got > 0 { filled += got } else if got == 0 { break } else if errno != EINTR { code = errno; break }
            }
        }
        guard code == 0, bytes.count == count else { throw DiskError(file: file, code: code == 0 ? ENODATA : code) }
        return bytes
    }
}

/// What was on the local disk cannot be read.
struct DiskError: Error, CustomStringConvertible {
    let file: String
    let code: Int32
    var description: String { "cannot read \(file): \(String(cString: strerror(code)))" }
}
