import Foundation
import TestSupport

@testable import Gossip

/// OpenSSL's command line as an independent judge of certificates.
struct OpenSSL {
    private let directory = TemporaryDirectory()

    /// Whether OpenSSL takes the first certificate of `chain` for a server's, and why not.
    ///
    /// - Parameters:
    ///   - chain: DER: the server's own, and those between it and `authority`.
    ///   - arguments: more of `openssl verify`.
    func verify(_ chain: [[UInt8]], authority: [UInt8], _ arguments: [String] = []) throws -> (isGood: Bool, why: String) {
        let files = try [("ca.pem", [authority]), ("between.pem", Array(chain.dropFirst())), ("leaf.pem", Array(chain.prefix(1)))].map { name, content in
            let path = "\(directory.path)/\(name)"
            try content.map(PEM.certificate).joined().write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let log = "\(directory.path)/log"
        let command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", files[0], "-untrusted", files[1]] + arguments + [files[2]]
        let code = try ChildProcess(command, errors: log).wait()
        return (code == 0, try String(contentsOfFile: log, encoding: .utf8))
    }
}
