import Foundation
import Gossip

/// The owner's own certificate, read again when its files change. A new one that cannot be used leaves the old one in its place.
struct OwnerCertificate: Sendable {
    /// So long before its end it is a problem of the node. Default 14 days.
    static let warning: TimeInterval = 14 * 24 * 3600

    private(set) var certificate: BrowserCertificate
    private let files: CertificateFiles
    private var stamp: CertificateFiles.Stamp
    private var unusable: CertificateFiles.Unusable?

    init(_ files: CertificateFiles) throws {
        self.files = files
        stamp = files.stamp
        certificate = try files.read()
    }

    /// - Returns: what is to be told; `nil` where nothing changed.
    mutating func refresh() -> String? {
        let stamp = files.stamp
        guard stamp != self.stamp else { return nil }
        self.stamp = stamp
        do throws(CertificateFiles.Unusable) {
            certificate = try files.read()
            unusable = nil
            return "the owner's certificate was read again; it ends on \(certificate.facts.end.day)"
        } catch {
            unusable = error
            return "the owner's certificate has changed and cannot be used; the one from before stays: \(error)"
        }
    }

    func problems(now: Date) -> [ProblemNote] {
        var problems: [ProblemNote] = []
        if let unusable {
            problems.append(
                ProblemNote(message: "the new certificate cannot be used, and the old one stays: \(unusable.path) \(unusable.reason)", cure: unusable.cure))
        }
        let end = certificate.facts.end
        if now > end - Self.warning {
            problems.append(
                ProblemNote(
                    message: "the certificate \(files.certificate) \(now > end ? "ended" : "ends") on \(end.day)",
                    cure: "Renew it; the node takes the new file by itself."))
        }
        return problems
    }
}
