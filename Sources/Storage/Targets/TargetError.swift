import Foundation

/// Why a target could not do something: the operation, the system's own code, and what a person can do about it.
public struct TargetError: Error, Sendable, CustomStringConvertible {
    public let operation: String
    public let path: String
    /// `errno` as the system gave it.
    public let code: Int32

    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    public var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }

    /// What to do about it, in one sentence.
    public var cure: String {
        switch code {
        case ENOSPC, EDQUOT: "Free space there, or give the storage another directory."
        case EACCES, EPERM: "Let the user that runs meshcam write there."
        case EROFS: "It is mounted read-only: check the disk, then mount it writable."
        case ENOENT, ENOTDIR: "Create the directory, or mount the share there."
        case ESTALE, EIO, ENXIO, ENODEV: "Check the disk or the share behind it; meshcam goes on trying."
        default: "Check the storage; meshcam goes on trying."
        }
    }

    /// The same name is taken by a file of somebody else.
    var isNameTaken: Bool { code == EEXIST }
}
