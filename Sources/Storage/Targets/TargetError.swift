import Foundation

/// Why a target could not do something: the operation, the system's own code, and what a person can do about it.
public struct TargetError: Error, Sendable, Equatable, CustomStringConvertible {
    public let operation: String
    public let path: String
    /// `errno` as the system gave it.
    public let code: Int32
    private let ownCure: String?

    /// - Parameter cure: where it is another than the code's.
    public init(operation: String, path: String, code: Int32, cure: String? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        ownCure = cure
    }

    static let tooLarge = EFBIG
    static let cancelled = ECANCELED
    static let shorter = ENODATA

    public var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }

    /// What to do about it, in one sentence.
    public var cure: String {
        if let ownCure { return ownCure }
        return switch code {
        case ENOSPC, EDQUOT: "Free space there, or give the storage another directory."
        case EACCES, EPERM: "Let the user that runs meshcam write there."
        case EROFS: "It is mounted read-only: check the disk, then mount it writable."
        case ENOENT, ENOTDIR: "Create the directory, or mount the share there."
        case ETIMEDOUT: "It hangs: check the disk, the NAS and the network; meshcam goes on trying."
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH: "Check that the NAS is on and its share is served; meshcam goes on trying."
        case EPIPE: "The process that speaks to it ended; meshcam starts it again."
        case ESTALE, EIO, ENXIO, ENODEV: "Check the disk or the share behind it; meshcam goes on trying."
        default: "Check the storage; meshcam goes on trying."
        }
    }

    /// Whether it was done, or will be, nobody knows.
    var isInDoubt: Bool { code == ETIMEDOUT || code == EPIPE }

    /// Whether asking again may help. What is not there, or not ours to read, is as it is.
    var mayPass: Bool { ![ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, Self.tooLarge].contains(code) }

    /// Whether it may be this file alone that the target does not take: nothing that a hang, a network, a full or read-only disk, or a process without
    /// means brings about.
    var mayBeOfOneFile: Bool {
        ![
            ETIMEDOUT, EPIPE, ENOSPC, EDQUOT, EROFS, ECONNREFUSED, ECONNABORTED, ECONNRESET, ENOTCONN, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN, ENODEV,
            ENXIO, ENOMEM, EMFILE, ENFILE, Self.cancelled,
        ].contains(code)
    }

    /// The same name is taken by a file of somebody else.
    var isNameTaken: Bool { code == EEXIST }
}

extension TargetLocation {
    /// Where it is another than for a directory of this machine.
    func cure(for code: Int32) -> String? {
        guard case .smb(let host, _, let share, _) = kind else { return nil }
        return switch code {
        case EACCES, EPERM: "Check its user and password, and that they may write on \(share)."
        case ENOENT, ENODEV, ENOTDIR, EINVAL: "Check that \(host) serves a share called \(share)."
        case EAFNOSUPPORT: "Give the NAS a name, in your router or in /etc/hosts, and use that."
        case EROFS: "\(share) is served read-only: change that on \(host)."
        case EIO, ENXIO, ESTALE, ECONNABORTED, ECONNRESET, ENOTCONN: "Check that \(host) is on and reachable; meshcam goes on trying."
        default: nil
        }
    }
}

extension TargetError {
    /// For a program that speaks to another kind of target.
    package static func notServedHere(_ location: TargetLocation) -> TargetError {
        TargetError(operation: "serve", path: "\(location)", code: EPROTONOSUPPORT)
    }
}
