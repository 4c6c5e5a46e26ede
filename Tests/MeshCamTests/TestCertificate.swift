import Crypto
import Foundation
import NIOSSL

/// A self-signed P-256 certificate valid 1970–9999, made anew for every test, so that no key lies in the repository.
struct TestCertificate: Sendable {
    let der: [UInt8]
    let keyPEM: String

    init(name: String = "meshcam-test") throws {
        let key = P256.Signing.PrivateKey()
        keyPEM = key.pemRepresentation
        // RFC 5280, section 4.1, in DER (X.690).
        let algorithm = Self.sequence([0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])  // ecdsa-with-SHA256
        let commonName = Self.sequence([0x06, 3, 0x55, 0x04, 0x03] + Self.element(0x0C, Array(name.utf8)))
        let subject = Self.sequence(Self.element(0x31, commonName))
        let validity = Self.sequence(Self.element(0x17, Array("700101000000Z".utf8)) + Self.element(0x18, Array("99991231235959Z".utf8)))
        let facts = Self.sequence(
            Self.element(0xA0, [0x02, 1, 2])  // version 3
                + [0x02, 1, 1]  // serial number
                + algorithm + subject + validity + subject + Array(key.publicKey.derRepresentation))
        let signature = try key.signature(for: facts).derRepresentation
        der = Self.sequence(facts + algorithm + Self.element(0x03, [0] + signature))
    }

    var pem: String {
        let lines = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n"
    }

    var sha256: String { SHA256.hash(data: der).map { String(format: "%02x", $0) }.joined() }

    var serverConfiguration: TLSConfiguration {
        get throws {
            .makeServerConfiguration(
                certificateChain: [.certificate(try NIOSSLCertificate(bytes: der, format: .der))],
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)))
        }
    }

    private static func sequence(_ content: [UInt8]) -> [UInt8] { element(0x30, content) }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<128: [tag, UInt8(content.count)] + content
        case ..<256: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }
}
