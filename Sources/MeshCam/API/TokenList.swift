import Crypto
import Foundation
import Gossip

/// The tokens with which programs sign in: a value without I/O. Of a token only the hash is here.
struct TokenList: Sendable {
    /// More tokens are refused.
    static let limit = 64
    /// Before a token, so that people and scanners know one when they see it.
    static let prefix = "meshcam_"

    private var config: TokensConfig

    /// - Parameter bytes: the value of ``SharedConfigKey/tokens``.
    init(_ bytes: [UInt8]?) {
        config = bytes.flatMap { try? TokensConfig(serializedBytes: $0) } ?? TokensConfig()
    }

    var tokens: [TokensConfig.Token] { config.tokens }

    func bytes() throws -> [UInt8] { try config.serializedBytes() }

    /// Takes a new one, and lets go of those whose time is over.
    mutating func add(_ token: TokensConfig.Token, now: Date) throws(ProblemDetails) {
        config.tokens.removeAll { $0.expiresUnix != 0 && TimeInterval($0.expiresUnix) <= now.timeIntervalSince1970 }
        guard tokens.count < Self.limit else {
            throw ProblemDetails(title: "Too many tokens", status: 409, detail: "A mesh has at most \(Self.limit) tokens.", cure: "Remove one first.")
        }
        config.tokens.append(token)
    }

    mutating func remove(_ id: String) throws(ProblemDetails) {
        guard let place = tokens.firstIndex(where: { $0.id == id }) else { throw .notFound("token", id) }
        config.tokens.remove(at: place)
    }

    /// Those that a user made: they end with their maker.
    mutating func removeAll(madeBy name: String) { config.tokens.removeAll { $0.madeBy == name } }

    /// A new secret: 32 random bytes.
    static func generate() -> String { prefix + Data(secureRandomBytes(32)).base64URL }

    static func hash(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }
}
