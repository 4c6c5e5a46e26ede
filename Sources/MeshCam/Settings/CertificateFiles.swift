import Foundation
import Gossip

/// The owner's own certificate and its key, as files in PEM: `network.certificate` and `network.certificate_key`.
struct CertificateFiles: Sendable, Equatable {
    let certificate: String
    let key: String

    /// A larger file is something else.
    private static let largestBytes = 1 << 20

    /// `nil` where none is set.
    init?(_ network: NetworkSettings) {
        guard let certificate = network.certificate, let key = network.certificateKey else { return nil }
        self.certificate = certificate
        self.key = key
    }

    /// Why one of the files cannot be used.
    struct Unusable: Error, Sendable, Equatable, CustomStringConvertible {
        /// The setting that names it.
        var setting: String
        var path: String
        /// Completes a sentence that begins with the path.
        var reason: String
        var cure: String

        var description: String { "\(path) \(reason). \(cure)" }
    }

    /// Differs when one of the files does.
    struct Stamp: Sendable, Equatable {
        fileprivate let facts: [[Int64]]
    }

    /// Of the files that links lead to.
    var stamp: Stamp {
        Stamp(facts: [certificate, key].map { path in
            var facts = stat()
            guard stat(path, &facts) == 0 else { return [] }
            return [Int64(truncatingIfNeeded: facts.st_ino), Int64(facts.st_size), Int64(facts.st_mtim.tv_sec), Int64(facts.st_mtim.tv_nsec)]
        })
    }

    func read() throws(Unusable) -> BrowserCertificate {
        let chain = try content(certificate, "network.certificate")
        let secret = try content(key, "network.certificate_key")
        do throws(BadCertificate) {
            return try BrowserCertificate(certificatePEM: chain, keyPEM: secret)
        } catch {
            switch error {
            case .noCertificate:
                throw Unusable(
                    setting: "network.certificate", path: certificate, reason: "holds no certificate in PEM",
                    cure: "Name the file with the certificate and those between it and its authority, often called fullchain.pem.")
            case .noKey:
                throw Unusable(
                    setting: "network.certificate_key", path: key, reason: "holds no private key in PEM, or one under a passphrase",
                    cure: "Name the file with the certificate's key, often called privkey.pem.")
            case .anotherKey:
                throw Unusable(
                    setting: "network.certificate_key", path: key, reason: "is not the key of \(certificate)",
                    cure: "Name the key that this certificate was made for.")
            }
        }
    }

    private func content(_ path: String, _ setting: String) throws(Unusable) -> [UInt8] {
        func refusal(_ reason: String, _ cure: String) -> Unusable { Unusable(setting: setting, path: path, reason: reason, cure: cure) }
        // Non-blocking, so that a named pipe is refused instead of waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw refusal(
                "cannot be read: \(String(cString: strerror(code)))", code == EACCES ? "Let this user read it." : "Name a file that exists.")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= Self.largestBytes,
            let bytes = try? file.read(upToCount: Self.largestBytes)
        else { throw refusal("is no file of PEM text", "Name a file in PEM.") }
        return Array(bytes)
    }

    /// - Throws: with file and cure, when what is set cannot be used.
    static func check(_ loaded: LoadedSettings) throws(SettingsError) {
        guard let files = CertificateFiles(loaded.settings.network) else { return }
        do throws(Unusable) {
            _ = try files.read()
        } catch {
            let problem = SettingsProblem(
                kind: .unreadable, origin: loaded.origin(of: error.setting), key: error.setting, message: ": \(error)")
            throw SettingsError(problems: [problem])
        }
    }
}
