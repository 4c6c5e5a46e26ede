import Foundation
import Gossip

/// What proves who asks. It is looked at again while a long answer lasts.
enum Proof: Sendable, Hashable {
    /// SHA-256 of a session's token.
    case session([UInt8])
    /// SHA-256 of an API token.
    case token([UInt8])

    /// From ``text``; `nil` for anything else.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let hash = [UInt8](hex: String(words[1])), hash.count == 32 else { return nil }
        switch words[0] {
        case "session": self = .session(hash)
        case "token": self = .token(hash)
        default: return nil
        }
    }

    /// For another node, which knows the same hashes.
    var text: String {
        switch self {
        case .session(let hash): "session \(hash.hexText)"
        case .token(let hash): "token \(hash.hexText)"
        }
    }
}

/// Who somebody is, and what that allows, by the mesh's configuration at this moment: a changed role or list of cameras counts at once,
/// and who is removed is nobody.
struct Standing: Sendable, Hashable {
    let caller: Caller
    let rights: Rights
    /// When it ends by itself; `nil`: never.
    let expires: Date?

    /// `nil`: the user is gone, or has had another password since.
    init?(_ session: SessionBook.Session, users: [UsersConfig.User]) {
        guard let user = users.first(where: { $0.name == session.user }), user.generation == session.generation,
            let role = Caller.Role(rawValue: user.role)
        else { return nil }
        caller = .user(name: user.name, role: role)
        rights = Rights(role: role, cameras: user.cameras)
        expires = session.expires
    }

    /// `nil`: its time is over, or who made it is an admin no more.
    init?(_ token: TokensConfig.Token, users: [UsersConfig.User], now: Date) {
        guard token.expiresUnix == 0 || TimeInterval(token.expiresUnix) > now.timeIntervalSince1970,
            users.contains(where: { $0.name == token.madeBy && $0.role == Caller.Role.admin.rawValue }),
            let role = Caller.Role(rawValue: token.role)
        else { return nil }
        let scopes = token.scopes.compactMap(Rights.Scope.init)
        caller = .token(id: token.id, name: token.name, role: role)
        // A scope that only a later version knows gives nothing here.
        rights = Rights(role: role, cameras: token.cameras, scopes: token.scopes.isEmpty ? [.api] : Set(scopes))
        expires = token.expiresUnix == 0 ? nil : Date(timeIntervalSince1970: TimeInterval(token.expiresUnix))
    }
}

extension NodeServices {
    /// Who has that proof, now. `nil`: nobody, any more.
    func standing(of proof: Proof, now: Date = Date()) -> Standing? {
        switch proof {
        case .session(let hash):
            sessions.find(hash: hash, now: now).flatMap { Standing($0, users: users) }
        case .token(let hash):
            tokens.first { Array($0.hash) == hash }.flatMap { Standing($0, users: users, now: now) }
        }
    }

    /// Everybody who may sign in; part of the mesh's shared configuration.
    var users: [UsersConfig.User] { UserList(gossip.view.config[SharedConfigKey.users]).users }

    /// Every token that programs may use; part of the mesh's shared configuration.
    var tokens: [TokensConfig.Token] { TokenList(gossip.view.config[SharedConfigKey.tokens]).tokens }
}
