import Foundation

/// Body of `POST /session`.
struct SessionRequest: Codable, Sendable, CustomStringConvertible {
    var username: String
    var password: String

    /// Without the password, so that it cannot reach a log by accident.
    var description: String { "SessionRequest(username: \(username))" }
}

/// Answer of `POST` and `GET /session`.
struct SessionResource: Codable, Hashable, Sendable {
    /// Who is signed in.
    struct User: Codable, Hashable, Sendable {
        var name: String
        /// `admin` or `viewer`.
        var role: String
    }

    /// Which node answers.
    struct Node: Codable, Hashable, Sendable {
        /// NodeID in lower-case hexadecimal.
        var id: String
        var name: String
    }

    var user: User
    var node: Node
    /// When the session ends unless it is used again.
    var expires: Date
}
