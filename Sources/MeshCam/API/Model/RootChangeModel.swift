import Foundation
import Gossip

/// Body of `POST /nodes/{id}/stolen`.
struct StolenRequest: Codable, Sendable, CustomStringConvertible {
    /// The admin's own: it opens the root key, and seals the next one.
    var passphrase: String
    var description: String { "StolenRequest" }
}

/// Answer of `POST /nodes/{id}/stolen`: what was done, and what only a person can do.
struct StolenResource: Codable, Hashable, Sendable {
    /// Something that the thief may know now.
    struct Change: Codable, Hashable, Sendable {
        /// What to change, in a few words.
        var what: String
        /// Why, in one sentence.
        var why: String
    }

    /// NodeID in lower-case hexadecimal.
    var node: String
    var name: String
    /// To be changed by hand, most urgent first.
    var changes: [Change]
}

/// Body of `POST /recovery`.
struct RecoveryRequest: Codable, Sendable, CustomStringConvertible {
    /// The printed one, 64 hexadecimal digits; spaces do not matter.
    var phrase: String
    /// Who administers from now on: a user of the mesh, or a new one.
    var username: String
    /// Also opens the mesh's root key: 12 characters or more.
    var password: String

    /// Without phrase and password, so that they cannot reach a log by accident.
    var description: String { "RecoveryRequest(username: \(username))" }

    /// - Throws: ``ProblemDetails`` that names what to change. Checked before the phrase, so that a typing mistake costs no try.
    func check() throws(ProblemDetails) -> RecoveryKey {
        // The same rules as for the first admin.
        try FoundingRequest(code: "", mesh: "recovery", username: username, password: password).check()
        guard let key = RecoveryKey(typed: phrase) else {
            throw ProblemDetails(
                type: "/problems/wrong-phrase", title: "Not a recovery phrase", status: 422, detail: "A recovery phrase has eight groups of eight digits and letters from a to f.",
                cure: "Read it again from the paper.")
        }
        return key
    }
}

/// Answer of `POST /recovery`.
struct RecoveryResource: Codable, Hashable, Sendable {
    /// Who administers now.
    var username: String
    /// Who was an admin and is a viewer until they are made one again.
    var viewers: [String]
}

extension StolenResource {
    /// - Parameters:
    ///   - targets: places that the mesh's nodes store at.
    ///   - admins: their passphrases protect what the thief has.
    init(node: String, name: String, targets: [String], admins: [String]) {
        self.node = node
        self.name = name
        var changes = [
            Change(what: "The password of your wireless network", why: "The camera knew it, if it was connected by radio."),
        ]
        changes += targets.map { Change(what: "The password of \($0)", why: "The camera wrote its footage there.") }
        changes.append(
            Change(
                what: "Short passwords of this mesh" + (admins.isEmpty ? "" : ", first those of \(admins.joined(separator: ", "))"),
                why: "The camera's card holds their hashes; five random words withstand guessing, a short password does not."))
        changes.append(Change(what: "Passwords written in the camera's meshcam.toml", why: "Such as that of a network camera whose pictures it recorded."))
        self.changes = changes
    }
}
