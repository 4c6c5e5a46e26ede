import Crypto
public import Foundation
import X509

/// What a certificate says, for people and for deciding whether it is good for a name.
public struct CertificateFacts: Sendable, Equatable {
    /// Common names; empty where there is none.
    public let subject: String
    public let issuer: String
    /// DNS names, lower case; one label may be `*`.
    public let names: [String]
    public let begin: Date
    public let end: Date
    /// SHA-256 of its DER, lower-case hexadecimal.
    public let fingerprint: String

    /// `nil` for bytes that are no certificate.
    public init?(der: [UInt8]) {
        guard der.count <= 64 << 10, let certificate = try? Certificate(derEncoded: der) else { return nil }
        subject = Self.commonName(certificate.subject)
        issuer = Self.commonName(certificate.issuer)
        let alternatives = (try? certificate.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames()
        names = alternatives.compactMap { name -> String? in if case .dnsName(let text) = name { text.lowercased() } else { nil } }
        begin = certificate.notValidBefore
        end = certificate.notValidAfter
        fingerprint = SHA256.hash(data: der).hexDigits
    }

    /// Whether it is good for that host name: the same, or the same but for a first label that is `*` (RFC 6125 §6.4.3).
    public func covers(_ name: String) -> Bool {
        let name = name.lowercased()
        let parent = name.firstIndex(of: ".").map { name[$0...] }
        return names.contains { $0 == name || ($0.hasPrefix("*.") && $0.dropFirst() == parent) }
    }

    private static func commonName(_ name: DistinguishedName) -> String {
        // RFC 5280 appendix A.1: id-at-commonName.
        name.lazy.flatMap { $0 }.first { "\($0.type)" == "2.5.4.3" }?.value.description ?? ""
    }
}

/// A certificate as text, RFC 7468.
public enum PEM {
    public static func certificate(_ der: [UInt8]) -> String {
        let lines = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n"
    }
}
