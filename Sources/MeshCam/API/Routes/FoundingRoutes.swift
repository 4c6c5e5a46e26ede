import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging

/// `POST /founding`, on a node that belongs to no mesh: whoever knows its setup code makes it the first camera of a new one.
struct FoundingRoutes: Sendable {
    let node: NodeServices
    let joining: JoiningService
    let logger: Logger

    func add(to group: RouterGroup<APIContext>) {
        group.post("founding") { request, context in try await found(request, context) }
    }

    private func found(_ request: Request, _ context: APIContext) async throws -> Response {
        guard Authentication.isSameOrigin(request) else { throw ProblemDetails.forbidden("This came from another site's page.") }
        let body = try await request.wholeBody(upTo: 1 << 14)
        let wanted = try JSONCoding.decoder.decode(FoundingRequest.self, from: Data(buffer: body))
        try wanted.check()
        do {
            try joining.code.check(wanted.code, now: .now)
        } catch {
            node.audit.record(.foundingRefused, context, detail: error.reason)
            logger.notice("a mesh was not founded: \(error.reason)", metadata: ["address": "\(context.channel.remoteAddress?.ipAddress ?? "?")"])
            throw error
        }
        guard joining.code.claim() else { throw PairingError.busy }
        do {
            let response = try await found(wanted)
            node.audit.record(.meshFounded, context, who: wanted.username, subject: wanted.mesh)
            return response
        } catch {
            joining.code.release()
            throw error
        }
    }

    private func found(_ wanted: FoundingRequest) async throws -> Response {
        let (genesis, root, recovery) = Founding.found(name: wanted.mesh)
        let admin = AdminKey()
        let user = try await Self.user(wanted, admin: admin, root: root)
        var trust = TrustStore(
            directory: node.settings.node.state, genesis: genesis,
            records: [
                root.admit(node.identity.public, name: node.name, serial: 1), root.certify(admin.publicKey, name: wanted.username, serial: 2),
            ])
        var users = UsersConfig()
        users.users = [user]
        try trust.setConfig(SharedConfigKey.users, try users.serializedBytes(), by: admin)
        try trust.certifyForBrowsers([node.identity], root: root, admin: admin)
        var dataKeys = SealedDataKeys()
        dataKeys.renew(for: trust.roster.members)
        try trust.setConfig(SharedConfigKey.dataKey, dataKeys.bytes, by: admin)
        try trust.save()
        logger.notice("founded the mesh '\(genesis.name)'", metadata: ["mesh": "\(genesis.meshID)"])
        joining.found()
        return try Response.json(
            FoundingResource(mesh: "\(genesis.meshID)", name: genesis.name, recoveryPhrase: recovery.printed), status: .created)
    }

    /// Argon2id takes a while and 64 MiB: not on the cooperative pool.
    private static func user(_ wanted: FoundingRequest, admin: AdminKey, root: RootKey) async throws -> UsersConfig.User {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { try UsersConfig.User(admin: wanted.username, password: wanted.password, adminKey: admin, root: root) })
            }
        }
    }
}

extension UsersConfig.User {
    /// An admin whose password opens both keys. Takes three times 64 MiB and half a second of a Pi, one after another.
    init(admin name: String, password: String, adminKey: AdminKey, root: RootKey) throws {
        self.init()
        self.name = name
        role = Caller.Role.admin.rawValue
        passwordHash = try PasswordHash.make(password)
        self.adminKey = Data(adminKey.publicKey)
        sealedAdminKey = try Data(SealedAdminKey.seal(adminKey, password: password))
        sealedRootKey = try Data(SealedRootKey.seal(root, passphrase: password))
    }

    /// Of who is an admin no more.
    mutating func forgetKeys() { (adminKey, sealedAdminKey, sealedRootKey, rootForAdmin) = (Data(), Data(), Data(), Data()) }
}
