import Foundation

/// Why the node cannot start or a part of it cannot go on, and what to do about it.
struct NodeError: Error, CustomStringConvertible {
    let message: String
    let cure: String

    init(_ message: String, cure: String) {
        self.message = message
        self.cure = cure
    }

    /// One line, as the command line prints it.
    var description: String { "\(message). \(cure)" }
}

extension Error {
    /// What the system said, without Foundation's sentence around it.
    var systemReason: String {
        var error: any Error = self
        while let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error { error = cause }
        if let posix = error as? POSIXError { return String(cString: strerror(posix.code.rawValue)) }
        let plain = error as NSError
        return plain.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(plain.code))) : error.localizedDescription
    }
}
