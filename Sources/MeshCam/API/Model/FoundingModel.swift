import Foundation

/// Body of `POST /founding`.
struct FoundingRequest: Codable, Sendable, CustomStringConvertible {
    /// The node's setup code, nine digits.
    var code: String
    /// What the mesh is called, for people.
    var mesh: String
    /// The first admin.
    var username: String
    /// Also opens the mesh's root key: 12 characters or more.
    var password: String

    static let shortestPassword = 12

    /// Without code and password, so that they cannot reach a log by accident.
    var description: String { "FoundingRequest(mesh: \(mesh), username: \(username))" }

    /// - Throws: ``ProblemDetails`` that names what to change. Checked before the code, so that a typing mistake costs no try.
    func check() throws(ProblemDetails) {
        guard SettingsText.isName(mesh) else {
            throw ProblemDetails.badRequest("The mesh's name is not usable.", cure: "Use 1 to 63 printable characters.")
        }
        // An admin of a name that no route could reach could never be changed or removed.
        try UserList.checkName(username)
        guard password.count >= Self.shortestPassword, password.utf8.count <= 1024 else {
            throw ProblemDetails.badRequest(
                "The password is too short: it also protects the key that rules the mesh.",
                cure: "Use \(Self.shortestPassword) characters or more, or five words.")
        }
    }
}

/// Answer of `POST /founding`. The only time that the recovery phrase exists.
struct FoundingResource: Codable, Hashable, Sendable, CustomStringConvertible {
    /// MeshID in lower-case hexadecimal.
    var mesh: String
    var name: String
    /// To be printed and put in a drawer: it outranks every password.
    var recoveryPhrase: String

    var description: String { "FoundingResource(mesh: \(mesh))" }
}
