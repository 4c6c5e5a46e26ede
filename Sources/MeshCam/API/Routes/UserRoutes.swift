import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import NIOCore

/// `/users`: who may sign in, and what they see. One list for the whole mesh, signed by an admin's key.
struct UserRoutes: Sendable {
    let node: NodeServices
    let door: Authentication.Door
    let gate: SignInGate

    func add(to group: RouterGroup<APIContext>) {
        group.get("users") { [node] _, _ in
            let bytes = node.gossip.view.config[SharedConfigKey.users]
            var response = try Response.json(UserList(bytes).users.compactMap { UserResource($0) })
            response.headers[.eTag] = UserList.entityTag(of: bytes)
            return response
        }
        addChanges(to: group)
    }

    /// For people, and for a peer that passes a person's wish on.
    func addChanges(to group: RouterGroup<APIContext>) {
        group.post("users") { request, context in try await node.signing(request, context) { try await create(request, context, by: $0) } }
        group.patch("users/:name") { request, context in try await node.signing(request, context) { try await change(request, context, by: $0) } }
        group.delete("users/:name") { request, context in try await node.signing(request, context) { try await remove(request, context, by: $0) } }
        group.put("users/me/password") { request, context in try await changeOwnPassword(request, context) }
    }

    private func create(_ request: Request, _ context: APIContext, by signer: Signer) async throws -> Response {
        let wanted = try await request.decoded(as: NewUser.self)
        try list.checkNew(wanted.name)
        try CameraRule.check(wanted.cameras ?? [], role: wanted.role, known: node.knownCameras)
        try PasswordRule.check(wanted.password, role: wanted.role)
        let (user, _) = try await fresh(wanted.name, role: wanted.role, cameras: wanted.cameras ?? [], password: wanted.password, context)
        let records = try keyRecords(from: nil, to: user) { try node.unlockedRoot(context) }
        try await set(request, by: signer, along: records) { list throws(ProblemDetails) in try list.add(user) }
        node.audit.record(.userAdded, context, subject: user.name, detail: describe(user))
        return try answer(user, status: .created)
    }

    private func change(_ request: Request, _ context: APIContext, by signer: Signer) async throws -> Response {
        let wanted = try await request.decoded(as: UserChange.self)
        let seen = try known(context.parameter("name"))
        let role = wanted.role ?? (seen.isAdmin ? .admin : .viewer)
        let cameras = wanted.cameras ?? (role == .admin ? [] : seen.cameras)
        try CameraRule.check(cameras, role: role, known: node.knownCameras.union(seen.cameras))
        if let password = wanted.password { try PasswordRule.check(password, role: role) }
        var user = seen
        var signer = signer
        if let password = wanted.password {
            let (changed, key) = try await fresh(seen.name, role: role, cameras: cameras, password: password, context)
            user = changed
            // Their key until now ends with this.
            if let key, signer.name == seen.name { signer = Signer(name: seen.name, key: key) }
        } else if role == .admin, !seen.isAdmin {
            throw ProblemDetails.badRequest("An admin's keys are sealed under their password, which no node knows.", cure: "Give them a new password along with the role.")
        } else {
            user.role = role.rawValue
            user.cameras = cameras
            if role == .viewer { user.forgetKeys() }
        }
        try list.check(from: seen, to: user, by: signer.name)
        let records = try keyRecords(from: seen, to: user) { try node.unlockedRoot(context) }
        try await set(request, by: signer, along: records) { [user] list throws(ProblemDetails) in try list.replace(seen, by: user) }
        if user.adminKey != seen.adminKey { node.rootKeychain.lock(user: seen.name) }
        node.audit.record(
            .userChanged, context, subject: user.name, detail: describe(user) + (wanted.password == nil ? "" : ", new password"))
        return try answer(user)
    }

    private func remove(_ request: Request, _ context: APIContext, by signer: Signer) async throws -> Response {
        let user = try known(context.parameter("name"))
        try list.check(from: user, to: nil, by: signer.name)
        let records = try keyRecords(from: user, to: nil) { try node.unlockedRoot(context) }
        try await set(request, by: signer, along: records) { list throws(ProblemDetails) in
            guard list[name: user.name] == user else { throw UserList.changedMeanwhile }
            try list.remove(user.name)
        }
        node.rootKeychain.lock(user: user.name)
        node.audit.record(.userRemoved, context, subject: user.name)
        // They open nothing any more in any case; without this, a later admin of that name would have them.
        if node.tokens.contains(where: { $0.madeBy == user.name }) {
            try await node.gossip.changeConfig(SharedConfigKey.tokens, by: signer.key) { bytes in
                var tokens = TokenList(bytes)
                tokens.removeAll(madeBy: user.name)
                return try tokens.bytes()
            }
        }
        return Response(status: .noContent)
    }

    // MARK: One's own password

    /// An admin's own key, which the old password opens, signs it at any node. A viewer has none: an admin's does that is open just now,
    /// here or at another node.
    private func changeOwnPassword(_ request: Request, _ context: APIContext) async throws -> Response {
        guard case .user(let name, let role) = context.author else { throw ProblemDetails.forbidden("Only who signed in with a password has one.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(PasswordChange.self, from: Data(buffer: body))
        try PasswordRule.check(wanted.new, role: role)
        let seen = try known(name)
        let host = ConnectionLimits.Host(context.channel.remoteAddress)
        if let wait = gate.reserve(host, context.address, user: name) { return .later(wait, "Too many wrong passwords", "Changing it from this address is paused.") }
        guard let isRight = await gate.verify(wanted.old, against: seen.passwordHash) else {
            return .later(.seconds(2), "Too many at once", "Others are signing in just now.")
        }
        guard isRight else {
            node.audit.record(.passwordRefused, context)
            throw ProblemDetails(
                type: "/problems/wrong-password", title: "Wrong password", status: 403, detail: "The old password is another one.",
                cure: "Type the password that you sign in with.")
        }
        gate.succeeded(host, context.address, user: name)
        var user = seen
        var (signer, records) = (node.anySigner, [SignedRecord]())
        if role == .admin {
            let (key, root) = try await reseal(&user, wanted)
            signer = Signer(name: name, key: key)
            records = keyRecords(from: seen, to: user) { root }
        } else {
            user.passwordHash = try await gate.slowly { try PasswordHash.make(wanted.new) }
        }
        user.beginGeneration()
        guard let signer else { return try await passOn(request, body, context) }
        try await set(request, by: signer, along: records) { [user] list throws(ProblemDetails) in try list.replace(seen, by: user) }
        if role == .admin { node.rootKeychain.lock(user: name) }
        node.audit.record(.passwordChanged, context)
        guard door != .peers else { return try Response.json(PasswordChanged(signedIn: false)) }
        let (token, _) = await node.sessions.begin(user: user, role: role, adminKey: role == .admin ? signer.key : nil, now: Date())
        var response = try Response.json(PasswordChanged(signedIn: true))
        response.headers[.setCookie] = SessionCookie.set(token, door: door)
        return response
    }

    /// Another key for the admin, and the root that the old password opens; both under the new one.
    private func reseal(_ user: inout UsersConfig.User, _ wanted: PasswordChange) async throws -> (AdminKey, RootKey) {
        try node.checkRoot(node.gossip.view.roster)
        guard let opened = await gate.open(rootFor: user, passphrase: wanted.old, roster: node.gossip.view.roster) else {
            throw ProblemDetails.unavailable("Your keys could not be opened.", cure: "Try again; if that does not help, another admin can give you a new password.")
        }
        let key = AdminKey()
        let fresh = try await gate.slowly { [name = user.name] in
            try UsersConfig.User(admin: name, password: wanted.new, adminKey: key, root: opened.root)
        }
        user.passwordHash = fresh.passwordHash
        (user.adminKey, user.sealedAdminKey, user.sealedRootKey, user.rootForAdmin) = (fresh.adminKey, fresh.sealedAdminKey, fresh.sealedRootKey, Data())
        return (key, opened.root)
    }

    /// To the first node where an admin's key is open.
    private func passOn(_ request: Request, _ body: ByteBuffer, _ context: APIContext) async throws -> Response {
        if !context.isLocal, let token = context.sessionToken {
            for member in node.gossip.view.members where !member.isSelf && member.isReachable {
                var copy = request
                copy.body = RequestBody(buffer: body)
                guard let answer = try? await node.peers.forward(copy, to: member, session: token, from: context.address) else { continue }
                if answer.status != .conflict { return answer }
            }
        }
        throw ProblemDetails(
            type: "/problems/no-admin", title: "No admin is signed in", status: 409,
            detail: "An admin's key has to sign this, and none is open at any camera just now.",
            cure: "Ask an admin for a new password, or try again when one is signed in.")
    }

    // MARK: -

    private var list: UserList { UserList(node.gossip.view.config[SharedConfigKey.users]) }

    private func known(_ name: String) throws -> UsersConfig.User {
        let name = name.removingPercentEncoding ?? name
        guard let user = list[name: name] else { throw ProblemDetails.notFound("user", name) }
        return user
    }

    /// With all that the password makes. An admin's keys need the root, which has to be unlocked here.
    private func fresh(_ name: String, role: Caller.Role, cameras: [String], password: String, _ context: APIContext) async throws -> (UsersConfig.User, AdminKey?) {
        var user: UsersConfig.User
        var key: AdminKey?
        switch role {
        case .admin:
            let (root, new) = (try node.unlockedRoot(context), AdminKey())
            user = try await gate.slowly { try UsersConfig.User(admin: name, password: password, adminKey: new, root: root) }
            key = new
        case .viewer:
            user = UsersConfig.User()
            user.name = name
            user.role = role.rawValue
            user.cameras = cameras
            user.passwordHash = try await gate.slowly { try PasswordHash.make(password) }
        }
        user.beginGeneration()
        return (user, key)
    }

    /// What the root says of it when an admin's key ends, of which somebody may have a copy that the old password opens, or another begins.
    /// Empty where neither does.
    private func keyRecords(
        from seen: UsersConfig.User?, to user: UsersConfig.User?, root: () throws -> RootKey
    ) rethrows -> [SignedRecord] {
        let (old, new) = (Array(seen?.adminKey ?? Data()), Array(user?.adminKey ?? Data()))
        guard old != new else { return [] }
        let (root, serial) = (try root(), node.nextSerial)
        return (user.map { new.isEmpty ? [] : [root.certify(new, name: $0.name, serial: serial)] } ?? [])
            + (seen.map { old.isEmpty ? [] : [root.revoke(adminKey: old, name: $0.name, serial: serial + 1)] } ?? [])
    }

    /// Changes the list on top of what it is at that moment.
    ///
    /// - Parameter records: the root's, about the keys of who changes: taken in the same step, or not at all.
    private func set(
        _ request: Request, by signer: Signer, along records: [SignedRecord], _ change: @escaping @Sendable (inout UserList) throws(ProblemDetails) -> Void
    ) async throws {
        let expected = request.headers[values: .ifMatch].joined(separator: ",")
        do {
            try await node.gossip.merge(records, changing: SharedConfigKey.users, by: signer.key) { bytes in
                guard expected.isEmpty || EntityTag.matches(expected, UserList.entityTag(of: bytes)) else { throw UserList.changedMeanwhile }
                var list = UserList(bytes)
                try change(&list)
                return try list.bytes()
            }
        } catch let error as TrustError {
            throw ProblemDetails(title: "The users cannot be changed", status: 409, detail: "\(error.reason).", cure: error.cure)
        }
    }

    private func describe(_ user: UsersConfig.User) -> String {
        user.isAdmin ? "admin" : user.cameras.isEmpty ? "viewer of all cameras" : "viewer of \(user.cameras.count) camera\(user.cameras.count == 1 ? "" : "s")"
    }

    private func answer(_ user: UsersConfig.User, status: HTTPResponse.Status = .ok) throws -> Response {
        guard let resource = UserResource(user) else { throw ProblemDetails.notFound("user", user.name) }
        var response = try Response.json(resource, status: status)
        response.headers[.location] = "/api/mesh/v1/users/\(APIClient.percentEncoded(user.name))"
        response.headers[.eTag] = UserList.entityTag(of: node.gossip.view.config[SharedConfigKey.users])
        return response
    }
}
