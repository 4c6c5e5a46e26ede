import Foundation
import Gossip
import Hummingbird
import Logging

/// Opens the mesh's root key with the passphrase of whoever asks, with the same patience for guessing as sign-in.
struct RootUnlock: Sendable {
    enum Outcome: Sendable {
        /// `user` is whose passphrase it was; a program on this machine may use any admin's.
        case opened(RootKey, admin: AdminKey?, user: String)
        /// Too many wrong ones before.
        case later(Duration)
    }

    let node: NodeServices
    let gate: SignInGate
    let logger: Logger

    /// - Throws: 409 where there is nothing to open, 403 for a wrong passphrase.
    func open(_ passphrase: String, _ context: APIContext) async throws -> Outcome {
        let address = context.channel.remoteAddress?.ipAddress ?? "?"
        let host = ConnectionLimits.Host(context.channel.remoteAddress)
        let users = node.users.filter { user in
            guard !user.sealedRootKey.isEmpty || !user.rootForAdmin.isEmpty else { return false }
            if case .user(let name, _) = context.caller { return user.name == name }
            return user.role == Caller.Role.admin.rawValue
        }
        guard !users.isEmpty else {
            throw ProblemDetails(
                title: "No root key here", status: 409, detail: "This mesh keeps no root key that your passphrase opens.",
                cure: "Ask the admin who founded the mesh.")
        }
        let who = context.caller?.user.name ?? ""
        if let wait = gate.reserve(host, address, user: who) { return .later(wait) }
        let roster = node.gossip.view.roster
        for user in users {
            guard let opened = await gate.open(rootFor: user, passphrase: passphrase, roster: roster) else { continue }
            gate.succeeded(host, address, user: who)
            logger.notice("the root key was unlocked", metadata: ["user": "\(user.name)", "address": "\(address)"])
            return .opened(opened.root, admin: opened.admin, user: user.name)
        }
        node.audit.record(.unlockRefused, context)
        logger.notice("unlocking the root key failed", metadata: ["user": "\(context.caller?.user.name ?? "?")", "address": "\(address)"])
        throw ProblemDetails(
            type: "/problems/wrong-passphrase", title: "Wrong passphrase", status: 403, detail: "It does not open this mesh's root key.",
            cure: "Type the passphrase that you sign in with.")
    }
}

extension NodeServices {
    /// - Throws: 409 while nobody should act as root.
    func checkRoot(_ roster: Roster) throws(ProblemDetails) {
        guard !roster.isRootInConflict else {
            throw ProblemDetails(
                type: "/problems/root-conflict", title: "The root key is in doubt", status: 409,
                detail: "It has named two successors, so it may be stolen.", cure: Self.rootConflictProblem.cure)
        }
    }
}
