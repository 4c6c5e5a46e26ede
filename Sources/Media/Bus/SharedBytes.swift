/// Immutable bytes shared by reference: an access unit or a fragment is written once and read by every consumer without a copy.
public final class SharedBytes: Sendable {
    private let storage: [UInt8]

    public init(_ bytes: [UInt8]) {
        storage = bytes
    }

    /// The number of bytes.
    public var count: Int { storage.count }

    /// The bytes as an array; shares the storage, copies nothing.
    public var bytes: [UInt8] { storage }

    /// Lends the bytes for the duration of the call.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBufferPointer { (buffer) throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
