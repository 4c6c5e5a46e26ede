import Foundation
import Gossip

/// Somebody who may sign in, as `GET /users` lists them. Never a password, nor what is made of one.
struct UserResource: Codable, Hashable, Sendable, Identifiable {
    var name: String
    /// `admin` or `viewer`.
    var role: Caller.Role
    /// Ids of the cameras that a viewer sees. Empty: all.
    var cameras: [String]

    var id: String { name }

    /// `nil` for a role that only a later version knows.
    init?(_ user: UsersConfig.User) {
        guard let role = Caller.Role(rawValue: user.role) else { return nil }
        (name, self.role, cameras) = (user.name, role, user.cameras)
    }
}

/// Body of `POST /users`.
struct NewUser: Codable, Sendable, CustomStringConvertible {
    /// 1 to 32 printable characters; unique in the mesh, whatever the case.
    var name: String
    /// 12 characters or more for an admin, 8 for a viewer.
    var password: String
    var role: Caller.Role
    /// Absent or empty: all.
    var cameras: [String]?

    /// Without the password, so that it cannot reach a log by accident.
    var description: String { "NewUser(\(name), \(role.rawValue))" }
}

/// Body of `PATCH /users/{name}`. What is absent stays.
struct UserChange: Codable, Sendable, CustomStringConvertible {
    var role: Caller.Role?
    /// Empty: all.
    var cameras: [String]?
    /// A new one; who becomes an admin needs one, because it seals their keys.
    var password: String?

    var description: String { "UserChange" }
}

/// Body of `PUT /users/me/password`.
struct PasswordChange: Codable, Sendable, CustomStringConvertible {
    var old: String
    var new: String
    var description: String { "PasswordChange" }
}

/// Answer of `PUT /users/me/password`. Every session of that user is over.
struct PasswordChanged: Codable, Hashable, Sendable {
    /// Whether a new session came with this answer; otherwise one has to sign in again.
    var signedIn: Bool
}

/// A program's token, as `GET /tokens` lists it.
struct TokenResource: Codable, Hashable, Sendable, Identifiable {
    var id: String
    /// What it is for.
    var name: String
    var role: Caller.Role
    /// Ids of the cameras that it shows. Empty: all.
    var cameras: [String]
    /// `api`, `metrics`.
    var scopes: [String]
    /// Absent: never.
    var expires: Date?
    /// The admin who made it; it ends when they are one no more.
    var madeBy: String
    var made: Date
    /// The token itself: only in the answer to `POST /tokens`, and nowhere again.
    var token: String?

    /// `nil` for a role that only a later version knows.
    init?(_ token: TokensConfig.Token) {
        guard let role = Caller.Role(rawValue: token.role) else { return nil }
        id = token.id
        name = token.name
        self.role = role
        cameras = token.cameras
        scopes = token.scopes.isEmpty ? [Rights.Scope.api.rawValue] : token.scopes
        expires = token.expiresUnix == 0 ? nil : Date(timeIntervalSince1970: TimeInterval(token.expiresUnix))
        madeBy = token.madeBy
        made = Date(timeIntervalSince1970: TimeInterval(token.madeUnix))
    }
}

/// Body of `POST /tokens`.
struct NewToken: Codable, Hashable, Sendable {
    /// What it is for: 1 to 63 printable characters.
    var name: String
    var role: Caller.Role
    /// Absent or empty: all.
    var cameras: [String]?
    /// Absent or empty: `api`.
    var scopes: [Rights.Scope]?
    /// Absent: never.
    var expires: Date?
}
