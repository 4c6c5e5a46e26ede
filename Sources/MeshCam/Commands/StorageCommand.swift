import ArgumentParser
import Foundation
import Storage

/// `meshcam storage`: where footage goes, and what has not reached it yet.
struct StorageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "Where footage goes, how that is, and what has not reached it yet.",
        subcommands: [List.self, Add.self, Change.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show every storage and how each node reaches it.")

        @OptionGroup var client: ClientOptions

        func run() async throws {
            let json = client.json
            try await client.withClient { api in
                let answer = try await api.get("/storage")
                if json { return try Terminal.print(try JSONText(answer, "/storage").pretty()) }
                try Terminal.print(StorageCommand.text(try APIClient.decode(StorageResource.self, from: answer, "/storage"), .current))
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a storage for all nodes.",
            discussion: """
                An absolute path that every node has (a mounted share, a disk), or a share of a NAS, smb://HOST/SHARE, which needs no mount. With
                --share-user, the password is $\(StorageCommand.newPassword), or asked for. Needs an admin's passphrase: $\(RootPassphrase.variable), the
                password given to sign in, or asked for.
                """)

        @Argument(help: "An absolute path, or smb://HOST[:PORT]/SHARE[/FOLDER].") var location: String
        @Option(name: .customLong("share-user"), help: "Who signs in there. Default: a guest.") var user: String?
        @Option(name: .customLong("share-domain"), help: "Domain or work group; rarely needed.") var domain: String?
        @OptionGroup var client: ClientOptions

        func validate() throws {
            do { _ = try TargetLocation(location) } catch { throw ValidationError("\(error)") }
        }

        func run() async throws {
            let (location, user, domain, client) = (location, user, domain, client)
            let password = try user.map { try StorageCommand.password(of: $0) }
            try await client.withClient { api in
                let wanted = NewStorageTarget(location: location, user: user, password: password, domain: domain)
                let answer = try await RootPassphrase.unlocking(api, client: client) { try await api.post("/storage/targets", wanted) }
                if client.json { return try Terminal.print(try JSONText(answer, "/storage/targets").pretty()) }
                let target = try APIClient.decode(StorageTargetResource.self, from: answer, "/storage/targets")
                try Terminal.print(Terminal.printable("all nodes store in \(target.location) now; 'meshcam storage' tells whether they reach it"))
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a storage another user or password.")

        @Argument(help: "Which: its location, name or id.") var target: String
        @Option(name: .customLong("share-user"), help: "Who signs in there.") var user: String
        @Option(name: .customLong("share-domain"), help: "Domain or work group; rarely needed.") var domain: String?
        @OptionGroup var client: ClientOptions

        func run() async throws {
            let (target, user, domain, client) = (target, user, domain, client)
            let password = try StorageCommand.password(of: user)
            try await client.withClient { api in
                let known = try await StorageCommand.known(target, api)
                let wanted = StorageTargetChange(user: user, password: password, domain: domain)
                let answer = try await RootPassphrase.unlocking(api, client: client) { try await api.patch("/storage/targets/\(known.id)", wanted) }
                if client.json { return try Terminal.print(try JSONText(answer, "/storage/targets").pretty()) }
                try Terminal.print(Terminal.printable("\(known.location) is signed in to as \(user) now"))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Store there no more. What lies there stays there.")

        @Argument(help: "Which: its location, name or id.") var target: String
        @OptionGroup var client: ClientOptions

        func run() async throws {
            let (target, client) = (target, client)
            try await client.withClient { api in
                let known = try await StorageCommand.known(target, api)
                _ = try await RootPassphrase.unlocking(api, client: client) { try await api.delete("/storage/targets/\(known.id)") }
                try Terminal.print(Terminal.printable("nothing is stored in \(known.location) any more; what lies there stays there"))
            }
        }
    }

    static let newPassword = "MESHCAM_STORAGE_PASSWORD"

    private static func known(_ wanted: String, _ api: APIClient) async throws -> StorageTargetResource {
        let targets = try await api.get("/storage", as: StorageResource.self).targets
        let location = (try? TargetLocation(wanted)).map { "\($0)" }
        let found = targets.filter { $0.id == wanted || $0.location == location ?? wanted || $0.name == wanted }
        guard let target = found.first, found.count == 1 else {
            throw APIError(
                kind: .noMatch, message: found.isEmpty ? "no storage is called \(Terminal.printable(wanted))" : "several are called \(Terminal.printable(wanted))",
                cure: "'meshcam storage' lists them; give the whole location")
        }
        guard target.scope == .mesh else {
            throw APIError(kind: .noMatch, message: "\(Terminal.printable(target.location)) stands in a node's own settings", cure: "change storage.directories in its meshcam.toml and restart it")
        }
        return target
    }

    private static func password(of user: String) throws -> String {
        if let given = ProcessInfo.processInfo.environment[newPassword], !given.isEmpty { return given }
        guard isatty(STDIN_FILENO) == 1, let typed = getpass("Password of \(Terminal.printable(user)): ").map({ String(cString: $0) }) else {
            throw APIError(kind: .noMatch, message: "no password for \(Terminal.printable(user))", cure: "set \(newPassword)")
        }
        return typed
    }

    // MARK: For people

    static func text(_ storage: StorageResource, _ wording: Wording) -> String {
        var parts: [String] = []
        if storage.targets.isEmpty {
            let place = storage.nodes.isEmpty || storage.nodes.contains { $0.disk == nil } ? "in memory" : "on its own disk"
            parts.append("No storage is set: each camera keeps its newest clips \(place). 'meshcam storage add' sets one for all.")
        } else {
            var table = TextTable(("STORAGE", .left), ("SET BY", .left), ("USED BY", .left), ("FREE", .right), ("OF", .right))
            for target in storage.targets {
                let works = target.reach.filter { $0.problem == nil }
                // They all see one disk; whoever looked last is as good as any.
                let space = works.first { $0.freeBytes != nil }
                table.add([
                    target.location, target.scope == .mesh ? "the mesh" : "a node's settings",
                    works.count == target.reach.count ? count(works.count) : "\(works.count) of \(count(target.reach.count))",
                    space?.freeBytes.map(bytes) ?? "unknown", space?.totalBytes.map(bytes) ?? "unknown",
                ])
            }
            parts.append(table.render())
        }
        var nodes = TextTable(("NODE", .left), ("IN MEMORY", .right), ("OF", .right), ("CLIPS WAITING", .right), ("SAFE OUTSIDE AFTER", .right), ("WHY", .left))
        for node in storage.nodes {
            nodes.add([node.nodeName, bytes(node.spooledBytes), bytes(node.spoolLimitBytes), String(node.waitingClips), node.safeOutside.map(safe) ?? "", node.reason ?? ""])
        }
        parts.append(nodes.render())
        let disks = storage.nodes.filter { $0.disk != nil }
        if !disks.isEmpty {
            var table = TextTable(("NODE", .left), ("LOCAL DISK", .left), ("HOLDS", .right), ("OF", .right))
            for node in disks { if let disk = node.disk { table.add([node.nodeName, disk.path, bytes(disk.usedBytes), bytes(disk.quotaBytes)]) } }
            parts.append(table.render())
        }
        let remarks = remarks(storage) + losses(storage, wording)
        return parts.joined(separator: "\n\n") + (remarks.isEmpty ? "" : "\n" + ProblemText.block(remarks).joined(separator: "\n"))
    }

    /// More losses of one node are summed up.
    private static let lossesInFull = 5

    private static func losses(_ storage: StorageResource, _ wording: Wording) -> [String] {
        storage.nodes.flatMap { node -> [String] in
            let losses = node.losses ?? []
            let earlier = losses.count - lossesInFull
            return (earlier > 0 ? ["\(node.nodeName): \(earlier) earlier losses"] : []) + losses.suffix(lossesInFull).map { words($0, wording) }
        }
    }

    /// `lost: 12.5 s of porch from 2026-11-20 13:34:56 on, because memory was full while nothing else took it`.
    static func words(_ loss: LossResource, _ wording: Wording) -> String {
        let reason = switch loss.reason {
        case FootageLoss.Reason.memoryFull.rawValue: "memory was full, and no storage and no peer took it"
        case FootageLoss.Reason.diskFailed.rawValue: "the local disk that held it cannot be read"
        case FootageLoss.Reason.deleted.rawValue: "it was deleted on the storage while it was written, or another storage was put there"
        case FootageLoss.Reason.peerLetGo.rawValue: "the peer that was to store it did not keep it"
        default: loss.reason
        }
        return "lost: \(Wording.length(loss.end.timeIntervalSince(loss.start))) of \(loss.cameraName) from \(wording.time(loss.start)) on: \(reason)"
    }

    private static func bytes(_ count: Int64) -> String { ByteCount.rounded(count) }

    /// What 99 of a hundred fragments keep.
    private static func safe(_ departures: DepartureResource) -> String {
        let milliseconds = (departures.p99Seconds * 1000).rounded(.up)
        return milliseconds < 1000 ? "\(Int(milliseconds)) ms" : "\((departures.p99Seconds * 10).rounded(.up) / 10) s"
    }

    private static func count(_ nodes: Int) -> String { nodes == 1 ? "1 node" : "\(nodes) nodes" }

    /// What is wrong, each fault once, with the names of all who report it.
    private static func remarks(_ storage: StorageResource) -> [String] {
        var faults: [(problem: ProblemNote, names: [String])] = []
        for reach in storage.targets.flatMap(\.reach) {
            guard let problem = reach.problem ?? reach.sharing?.problem else { continue }
            if let place = faults.firstIndex(where: { $0.problem == problem }) {
                faults[place].names.append(reach.nodeName)
            } else {
                faults.append((problem, [reach.nodeName]))
            }
        }
        for node in storage.nodes { if let problem = node.disk?.problem { faults.append((problem, [node.nodeName])) } }
        return storage.missing.map { "\($0.name) is missing: \($0.reason)" } + faults.map { "\($0.names.joined(separator: ", ")): \(ProblemText.line($0.problem))" }
    }
}
