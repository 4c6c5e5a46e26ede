import Foundation
import Gossip
import Storage

/// The mesh's storage targets, and the rules by which that list changes: a value without I/O.
struct StorageTargetList: Sendable {
    /// More targets are refused.
    static let limit = 8
    /// Longer names and passwords are refused.
    static let textLimit = 256

    private var config: StorageConfig

    /// - Parameter bytes: the value of ``SharedConfigKey/storage``.
    init(_ bytes: [UInt8]?) {
        config = bytes.flatMap { try? StorageConfig(serializedBytes: $0) } ?? StorageConfig()
    }

    func bytes() throws -> [UInt8] { try config.serializedBytes() }

    /// Those whose location this version understands, in the order in which they were added.
    var targets: [(location: TargetLocation, config: StorageConfig.Target)] {
        config.targets.prefix(Self.limit).compactMap { target in (try? TargetLocation(target.location)).map { ($0, target) } }
    }

    subscript(id id: String) -> (location: TargetLocation, config: StorageConfig.Target)? {
        targets.first { StorageTargetResource.id(of: $0.location) == id }
    }

    /// What its password is sealed for: another target's does not open it.
    static func purpose(_ location: TargetLocation) -> String { "storage-target \(location)" }

    /// What signs in to the target: nil where its password cannot be opened with these keys.
    static func credentials(_ target: StorageConfig.Target, of location: TargetLocation, with keys: DataKeyring) -> TargetCredentials? {
        var password = ""
        if !target.sealedPassword.isEmpty {
            guard let opened = keys.open(Array(target.sealedPassword), purpose: purpose(location)) else { return nil }
            password = String(decoding: opened, as: UTF8.self)
        }
        return TargetCredentials(user: target.user, password: password, domain: target.domain)
    }

    // MARK: Changes

    /// - Throws: what is wrong with the wish.
    mutating func add(_ wanted: NewStorageTarget, with keys: DataKeyring) throws(ProblemDetails) -> TargetLocation {
        let location: TargetLocation
        do throws(TargetLocation.Malformed) {
            location = try TargetLocation(wanted.location)
        } catch {
            throw .badRequest("That names no storage: \(error).", cure: "Give an absolute path that every camera has, or smb://HOST/SHARE.")
        }
        guard !config.targets.contains(where: { (try? TargetLocation($0.location)) == location }) else {
            throw ProblemDetails(title: "Taken", status: 409, detail: "\(location) is a storage of this mesh already.", cure: "Change it in place of adding it.")
        }
        guard config.targets.count < Self.limit else {
            throw ProblemDetails(title: "Too many targets", status: 409, detail: "A mesh has at most \(Self.limit) storage targets.", cure: "Remove one first.")
        }
        var target = StorageConfig.Target()
        target.location = "\(location)"
        try Self.change(&target, at: location, user: wanted.user, password: wanted.password, domain: wanted.domain, keys)
        config.targets.append(target)
        return location
    }

    mutating func change(_ id: String, _ wanted: StorageTargetChange, with keys: DataKeyring) throws(ProblemDetails) -> TargetLocation {
        let place = try place(id)
        try Self.change(&config.targets[place.index], at: place.location, user: wanted.user, password: wanted.password, domain: wanted.domain, keys)
        return place.location
    }

    mutating func remove(_ id: String) throws(ProblemDetails) -> TargetLocation {
        let place = try place(id)
        config.targets.remove(at: place.index)
        return place.location
    }

    private func place(_ id: String) throws(ProblemDetails) -> (index: Int, location: TargetLocation) {
        for (index, target) in config.targets.enumerated() {
            if let location = try? TargetLocation(target.location), StorageTargetResource.id(of: location) == id { return (index, location) }
        }
        throw .notFound("storage target", id)
    }

    private static func change(
        _ target: inout StorageConfig.Target, at location: TargetLocation, user: String?, password: String?, domain: String?, _ keys: DataKeyring
    ) throws(ProblemDetails) {
        for text in [user, password, domain].compactMap({ $0 }) {
            guard text.utf8.count <= textLimit, !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
                throw .badRequest("User, password and domain are at most \(textLimit) characters on one line each.")
            }
        }
        if case .directory = location.kind, ![user, password, domain].allSatisfy({ $0 ?? "" == "" }) {
            throw .badRequest("A directory asks nobody for a password.", cure: "Leave user and password out, or give an smb:// address.")
        }
        if let user { target.user = user }
        if let domain { target.domain = domain }
        if let password {
            if password.isEmpty {
                target.sealedPassword = Data()
            } else {
                guard let sealed = keys.seal(Array(password.utf8), purpose: purpose(location)) else {
                    throw ProblemDetails.unavailable("This node has no key to seal the password with.", cure: "Wait until it has heard from the others, or ask another one.")
                }
                target.sealedPassword = Data(sealed)
            }
        }
        guard target.sealedPassword.isEmpty || !target.user.isEmpty else { throw .badRequest("A password needs a user.") }
    }
}
