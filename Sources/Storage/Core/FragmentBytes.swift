/// Immutable bytes that somebody else owns: what a recorder hands over, kept by reference and never copied.
public protocol FragmentBytes: Sendable {
    var count: Int { get }
    /// The pointer is good only inside `body`.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension [UInt8]: FragmentBytes {
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}
