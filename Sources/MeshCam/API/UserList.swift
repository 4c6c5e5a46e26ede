import Crypto
import Foundation
import Gossip

/// Everybody who may sign in, and the rules by which that list changes: a value without I/O.
struct UserList: Sendable {
    /// More users are refused.
    static let limit = 64
    /// Longer names are refused.
    static let nameLimit = 32
    /// More cameras in one user's list are refused.
    static let cameraLimit = 64
    /// Names that mean something else: in `/users/me`, and for programs on a node's own machine.
    static let reserved: Set<String> = ["me", "local"]

    private var config: UsersConfig

    /// - Parameter bytes: the value of ``SharedConfigKey/users``.
    init(_ bytes: [UInt8]?) {
        config = bytes.flatMap { try? UsersConfig(serializedBytes: $0) } ?? UsersConfig()
    }

    var users: [UsersConfig.User] { config.users }

    func bytes() throws -> [UInt8] { try config.serializedBytes() }

    subscript(name name: String) -> UsersConfig.User? { config.users.first { $0.name == name } }

    /// Names the value as it is, passwords included: the same at every node that has the same.
    static func entityTag(of bytes: [UInt8]?) -> String { "\"\(Array(SHA256.hash(data: bytes ?? []).prefix(16)).hexText)\"" }

    /// - Throws: unless a user may be called that, in whatever mesh.
    static func checkName(_ name: String) throws(ProblemDetails) {
        guard SettingsText.isName(name), name.count <= nameLimit, !name.contains("/"), !reserved.contains(name.lowercased()) else {
            throw .badRequest("The user name is not usable.", cure: "Use 1 to \(nameLimit) printable characters without a slash; 'me' and 'local' are taken.")
        }
    }

    /// - Throws: what keeps a user of that name from being added.
    func checkNew(_ name: String) throws(ProblemDetails) {
        try Self.checkName(name)
        guard !users.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw ProblemDetails(title: "Taken", status: 409, detail: "There is a user of that name.", cure: "Choose another name.")
        }
        guard users.count < Self.limit else {
            throw ProblemDetails(title: "Too many users", status: 409, detail: "A mesh has at most \(Self.limit) users.", cure: "Remove one first.")
        }
    }

    mutating func add(_ user: UsersConfig.User) throws(ProblemDetails) {
        try checkNew(user.name)
        config.users.append(user)
    }

    /// - Parameter seen: as the user was when the change was thought out; if it is not like that any more, nothing changes.
    mutating func replace(_ seen: UsersConfig.User, by user: UsersConfig.User) throws(ProblemDetails) {
        guard let place = users.firstIndex(of: seen) else { throw Self.changedMeanwhile }
        config.users[place] = user
        if seen.isAdmin, !user.isAdmin { try checkAdmins(without: seen) }
    }

    mutating func remove(_ name: String) throws(ProblemDetails) {
        guard let place = users.firstIndex(where: { $0.name == name }) else { throw .notFound("user", name) }
        let user = config.users.remove(at: place)
        if user.isAdmin { try checkAdmins(without: user) }
    }

    /// What keeps `author` from a change whoever has unlocked the root: asked before a passphrase is.
    func check(from seen: UsersConfig.User, to user: UsersConfig.User?, by author: String) throws(ProblemDetails) {
        var trial = self
        if let user { try trial.replace(seen, by: user) } else { try trial.remove(seen.name) }
        guard seen.isAdmin, user?.isAdmin != true, seen.name == author else { return }
        throw ProblemDetails(
            type: "/problems/own-key", title: "Not by yourself", status: 409, detail: "Your own key would have to sign this, and it ends with it.",
            cure: "Ask another admin to do it.")
    }

    /// Somebody must be left who can administer, and who can open the root key if anybody could.
    private func checkAdmins(without user: UsersConfig.User) throws(ProblemDetails) {
        let admins = users.filter(\.isAdmin)
        guard admins.contains(where: { !user.canOpenRoot || $0.canOpenRoot }) else {
            throw ProblemDetails(
                type: "/problems/last-admin", title: "The last admin", status: 409, detail: "Without \(user.name) nobody could administer this mesh.",
                cure: "Make somebody else an admin first.")
        }
    }

    static let changedMeanwhile = ProblemDetails(
        title: "The users have changed", status: 412, detail: "They are no longer as they were when this change was made; nothing was set.",
        cure: "GET /api/mesh/v1/users, make your change again, and send it with the new ETag in If-Match.")
}

extension UsersConfig.User {
    var isAdmin: Bool { role == Caller.Role.admin.rawValue }
    /// Whether the password opens the mesh's root key, by itself or by the admin's own key.
    var canOpenRoot: Bool { !sealedRootKey.isEmpty || !rootForAdmin.isEmpty }

    /// Sessions from before are over, and none of a later user of the same name revives.
    mutating func beginGeneration() { generation = UInt64.random(in: 1...(.max)) }
}

/// What a password has to be like.
enum PasswordRule {
    /// An admin's also seals the key that rules the mesh.
    static let shortestAdmin = FoundingRequest.shortestPassword
    static let shortestViewer = 8
    static let longestBytes = 1024

    static func check(_ password: String, role: Caller.Role) throws(ProblemDetails) {
        let shortest = role == .admin ? shortestAdmin : shortestViewer
        guard password.count >= shortest else {
            throw .badRequest(
                role == .admin ? "The password is too short: it also protects the key that rules the mesh." : "The password is too short.",
                cure: "Use \(shortest) characters or more\(role == .admin ? ", or five words" : "").")
        }
        guard password.utf8.count <= longestBytes else { throw .badRequest("The password is too long.", cure: "Use at most \(longestBytes) bytes.") }
    }
}

/// Which cameras somebody may be limited to.
enum CameraRule {
    /// - Parameter known: ids that may stand in the list.
    static func check(_ cameras: [String], role: Caller.Role, known: Set<String>) throws(ProblemDetails) {
        guard role == .viewer || cameras.isEmpty else {
            throw .badRequest("An admin sees every camera.", cure: "Leave the cameras out, or make it a viewer.")
        }
        guard cameras.count <= UserList.cameraLimit, Set(cameras).count == cameras.count else {
            throw .badRequest("A list has at most \(UserList.cameraLimit) cameras, each once.", cure: "Leave the list empty for all cameras.")
        }
        if let stranger = cameras.first(where: { !known.contains($0) }) {
            throw .badRequest("No camera of this mesh has the id \(stranger.prefix(40)).", cure: "GET /api/mesh/v1/cameras lists their ids.")
        }
    }
}
