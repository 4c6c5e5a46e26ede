import CSodium

/// A secret in locked memory that is wiped when nobody holds it any more. Never part of a description.
///
/// Sendable although it holds a pointer: the memory is written in `init` only, and freed in `deinit` only.
final class SecretBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    let count: Int

    /// Copies `bytes`; the caller's array is not wiped.
    init(_ bytes: some Collection<UInt8>) {
        Sodium.ready
        count = bytes.count
        guard let memory = sodium_malloc(max(count, 1)) else { preconditionFailure("no memory for \(bytes.count) secret bytes") }
        self.memory = memory
        UnsafeMutableRawBufferPointer(start: memory, count: count).copyBytes(from: bytes)
        _ = sodium_mprotect_readonly(memory)
    }

    deinit {
        sodium_free(memory)
    }

    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) throws -> Result) rethrows -> Result {
        try body(UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)))
    }

    /// A copy, for a file or for a library that wants an array.
    var copy: [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: count)) }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
    var description: String { "<secret>" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
