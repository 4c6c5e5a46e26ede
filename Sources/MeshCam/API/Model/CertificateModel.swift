import Foundation
import Gossip

/// Answer of `GET /ca`, which needs no sign-in: what a person may trust, and what this node shows to browsers.
struct CertificateResource: Codable, Hashable, Sendable {
    /// The mesh's authority. Absent until the root was unlocked once.
    var authority: Authority?
    /// The certificate that this node shows for most names first.
    var shown: [Shown]

    struct Authority: Codable, Hashable, Sendable {
        var name: String
        /// SHA-256 of its DER, lower-case hexadecimal.
        var fingerprint: String
        var expires: Date
    }

    struct Shown: Codable, Hashable, Sendable {
        enum Kind: String, Codable, Sendable {
            /// Self-signed: browsers warn.
            case own
            /// Of the mesh's authority: browsers that trust it do not.
            case mesh
            /// Of the owner, from a file.
            case owner
        }

        var kind: Kind
        /// Host names it is good for.
        var names: [String]
        /// SHA-256 of its DER, lower-case hexadecimal.
        var fingerprint: String
        var expires: Date
    }
}

extension CertificateResource.Shown {
    init(_ certificate: BrowserCertificate, kind: Kind) {
        let facts = certificate.facts
        self.init(kind: kind, names: facts.names, fingerprint: facts.fingerprint, expires: facts.end)
    }
}
