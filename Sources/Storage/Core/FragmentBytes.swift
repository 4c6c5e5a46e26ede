/// Immutable bytes that somebody else owns: what a recorder hands over, kept by reference and never copied.
public protocol FragmentBytes: Sendable {
    var count: Int { get }
    /// The pointer is good only inside `body`.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
    /// The same in memory. Where they lie elsewhere it blocks, and throws when they cannot be read: then it is to be called before ``withBytes(_:)``.
    func loaded() throws -> any FragmentBytes
}

extension FragmentBytes {
    public func loaded() throws -> any FragmentBytes { self }
}

extension [UInt8]: FragmentBytes {
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}
