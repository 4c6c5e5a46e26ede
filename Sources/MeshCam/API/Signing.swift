import Foundation
import Gossip
import Hummingbird

/// In whose name the mesh's configuration changes, and the key that signs it.
struct Signer: Sendable {
    /// A user who is an admin.
    let name: String
    let key: AdminKey
}

extension NodeServices {
    /// Carries out a change of the mesh's configuration, signed by the asking admin's own key.
    ///
    /// Only the node has that key where the admin signed in, or typed the passphrase again in the last ten minutes; from another one the
    /// request is passed on to the node that issued the session. The token goes along, and not just the name: no node can act for a user
    /// whose session it has not seen.
    ///
    /// - Throws: 403 for who is no admin and for API tokens; `root-locked` where the passphrase has to be typed again.
    func signing(_ request: Request, _ context: APIContext, _ act: (Signer) async throws -> Response) async throws -> Response {
        switch context.author {
        case .user(_, .admin), .local: break
        case .token: throw ProblemDetails.forbidden("A token has no key to sign this with: an admin has to do it.")
        case .user: throw ProblemDetails.forbidden("Viewers can look, admins can act.")
        case .peer, nil: throw ProblemDetails.signInFirst
        }
        if let signer = signer(for: context) { return try await act(signer) }
        guard !context.isLocal, let token = context.sessionToken, let issuer = sessions.issuer(of: token), issuer.isReachable else {
            throw keyLocked
        }
        do {
            return try await peers.forward(request, to: issuer, session: token, from: context.address)
        } catch let error where error is CancellationError || error is ProblemDetails || error is any HTTPResponseError {
            throw error
        } catch {
            throw keyLocked
        }
    }

    private func signer(for context: APIContext) -> Signer? {
        if case .user(let name, .admin) = context.author, let token = context.sessionToken,
            let key = sessions.adminKey(of: token, now: Date())
        {
            return Signer(name: name, key: key)
        }
        guard let holder = RootKeychain.Holder(context), let signer = rootKeychain.signer(for: holder),
            users.contains(where: { $0.name == signer.name && $0.isAdmin }), gossip.view.roster.isAdmin(signer.key.publicKey)
        else { return nil }
        return signer
    }

    private var keyLocked: ProblemDetails {
        ProblemDetails(
            type: "/problems/root-locked", title: "root-locked", status: 403, detail: "This change is signed with your key, and \(name) does not have it.",
            cure: "Type your passphrase again: POST /api/mesh/v1/session/unlock.")
    }

    /// Somebody's key for the few things that a person without one may change for themselves: their own password.
    var anySigner: Signer? {
        sessions.openKey { standing(of: .session($0))?.rights.mayAdminister ?? false }.map { Signer(name: $0.user, key: $0.key) }
    }
}
