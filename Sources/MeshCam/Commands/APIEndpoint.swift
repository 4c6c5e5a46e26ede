import Crypto
import Foundation
import NIOSSL

/// Where a node's API is, how its certificate is judged, and how we prove who we are.
struct APIEndpoint: Sendable {
    /// How the other side's certificate is judged.
    enum Trust: Sendable, Equatable {
        /// By the machine's trust roots and the host name.
        case system
        /// It must be this one (PEM); the host name does not matter.
        case pinned(String)
        /// Not at all.
        case anything
    }

    /// How we prove who we are.
    enum Credential: Sendable, Equatable, CustomStringConvertible {
        case none
        case token(String)
        case password(user: String, password: String)

        /// Without the secret.
        var description: String {
            switch self {
            case .none: "none"
            case .token: "token"
            case .password(let user, _): "password of \(user)"
            }
        }
    }

    /// `http` or `https`.
    var scheme: String
    /// Without the brackets of an IPv6 address.
    var host: String
    var port: Int
    var trust: Trust
    var credential: Credential
    /// The TLS server name to ask for, where it is not the host.
    var serverName: String?

    /// Address without a path, e.g. `https://[::1]:8443`.
    var base: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The same as requests name it: with ``serverName`` in the host's place.
    var requestBase: String { serverName.map { "\(scheme)://\($0):\(port)" } ?? base }

    /// Whether it names this machine.
    var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "::1"].contains(host.lowercased()) { return true }
        // All of 127.0.0.0/8 (RFC 1122, section 3.2.1.3), but no name that merely begins like it.
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127"
            && parts.allSatisfy { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil }
    }

    /// Decides where to go.
    ///
    /// - Parameters:
    ///   - node: what was given as `--node`: `HOST`, `HOST:PORT` or a URL. Nil: the first node of this user on this machine.
    ///   - credential: what was given to sign in with; `.none` falls back to the local node's token.
    ///   - insecure: whether any certificate will do.
    ///   - local: this user's running nodes.
    static func resolve(
        node: String?, credential: Credential, insecure: Bool, local: [LocalAccessDirectory.Found]
    ) throws(APIError) -> APIEndpoint {
        guard let node else {
            guard let first = local.first else {
                throw APIError(
                    kind: .unreachable, message: "no node of this user runs on this machine",
                    cure: "start one with `meshcam run` or `meshcam demo`, or name one with --node https://HOST:8443")
            }
            var endpoint = try parse(first.access.url)
            try endpoint.adopt(first.access, credential: credential, insecure: insecure)
            return endpoint
        }
        var endpoint = try parse(node)
        endpoint.trust = insecure ? .anything : .system
        endpoint.credential = credential
        if endpoint.isLoopback, let match = local.first(where: { endpoint.isServed(by: $0) }) {
            try endpoint.adopt(match.access, credential: credential, insecure: insecure)
        } else if endpoint.scheme == "http", !endpoint.isLoopback {
            throw APIError(
                kind: .untrusted, message: "\(endpoint.base) would send the sign-in in the clear", cure: "use https://\(endpoint.host):8443")
        }
        return endpoint
    }

    /// Reads `HOST`, `HOST:PORT` or a URL. Without a scheme it is HTTPS on port 8443.
    static func parse(_ text: String) throws(APIError) -> APIEndpoint {
        let refusal = APIError(
            kind: .noMatch, message: "\"\(SettingsText.shown(text))\" is not the address of a node", cure: "write --node https://HOST:8443")
        var scheme = "https", defaultPort = 8443
        var rest = Substring(text)
        if let end = text.range(of: "://") {
            scheme = text[..<end.lowerBound].lowercased()
            rest = text[end.upperBound...]
            defaultPort = scheme == "http" ? 80 : 443
            if rest.hasSuffix("/") { rest = rest.dropLast() }
        }
        guard scheme == "http" || scheme == "https", let place = HostAndPort(String(rest)) else { throw refusal }
        return APIEndpoint(
            scheme: scheme, host: place.host, port: place.port ?? defaultPort, trust: .system, credential: .none)
    }

    private func isServed(by found: LocalAccessDirectory.Found) -> Bool {
        let urls = [found.access.url, found.access.httpUrl].compactMap { $0 }
        return urls.contains { url in
            guard let other = try? Self.parse(url) else { return false }
            return other.scheme == scheme && other.port == port
        }
    }

    private mutating func adopt(_ access: LocalAccess, credential: Credential, insecure: Bool) throws(APIError) {
        self.credential = credential == .none ? .token(access.token) : credential
        if insecure {
            trust = .anything
        } else {
            try Self.checkFingerprint(access)
            trust = .pinned(access.certificatePEM)
            serverName = scheme == "https" ? access.serverName : nil
        }
    }

    /// The certificate in the file must be the one its fingerprint names.
    private static func checkFingerprint(_ access: LocalAccess) throws(APIError) {
        let certificate = try? NIOSSLCertificate.fromPEMBytes(Array(access.certificatePEM.utf8)).first
        let fingerprint = (try? certificate?.toDERBytes()).map { hexadecimal(SHA256.hash(data: $0)) }
        guard fingerprint == access.certificateSHA256.lowercased() else {
            throw APIError(
                kind: .untrusted, message: "the local access file of \(access.name) does not agree with itself",
                cure: "restart that node (process \(access.pid))")
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// What the TLS library is told.
    var tlsConfiguration: TLSConfiguration {
        get throws(APIError) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            switch trust {
            case .system: break
            case .anything: configuration.certificateVerification = .none
            case .pinned(let pem):
                do {
                    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
                } catch {
                    throw APIError(
                        kind: .untrusted, message: "the local access file holds no readable certificate (\(error))",
                        cure: "restart that node")
                }
                configuration.certificateVerification = .noHostnameVerification
            }
            return configuration
        }
    }
}
