import Foundation
import Gossip
import Storage
import Testing

@testable import MeshCam

@Suite struct StorageTargetListTests {
    private let keys: DataKeyring

    init() throws {
        let directory = try TemporaryDirectory()
        let identity = try NodeIdentity.loadOrCreate(in: directory.path, board: .current())
        let (genesis, root, _) = Founding.found(name: "test")
        var roster = Roster(genesis: genesis)
        roster.merge([root.admit(identity.public, name: "n", serial: 1)])
        var sealed = SealedDataKeys()
        sealed.renew(for: roster.members)
        keys = sealed.keyring(of: identity)
    }

    private func status(_ act: () throws -> Void) -> Int? {
        do { try act() } catch { return (error as? ProblemDetails)?.status }
        return nil
    }

    private let share = NewStorageTarget(location: "smb://NAS/cam/", user: "ann", password: "secret", domain: "home")

    @Test func whatIsAddedIsSealedAndOpened() throws {
        var list = StorageTargetList(nil)
        let location = try list.add(share, with: keys)
        #expect("\(location)" == "smb://nas/cam")
        let bytes = try list.bytes()
        #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"))
        let again = try #require(StorageTargetList(bytes).targets.first)
        #expect(again.location == location)
        #expect(StorageTargetList.credentials(again.config, of: location, with: keys) == TargetCredentials(user: "ann", password: "secret", domain: "home"))
        // A password that was moved to another place in the configuration goes to nobody there.
        #expect(StorageTargetList.credentials(again.config, of: try TargetLocation("smb://thief/cam"), with: keys) == nil)
        #expect(StorageTargetList.credentials(again.config, of: location, with: SealedDataKeys().keyring(of: try NodeIdentity.loadOrCreate(in: TemporaryDirectory().path, board: .current()))) == nil)
    }

    @Test func aTargetIsThereOnceWhateverItIsWrittenLike() throws {
        var list = StorageTargetList(nil)
        _ = try list.add(share, with: keys)
        #expect(status { _ = try list.add(NewStorageTarget(location: "SMB://nas/cam"), with: keys) } == 409)
        for number in 1..<StorageTargetList.limit { _ = try list.add(NewStorageTarget(location: "/mnt/\(number)"), with: keys) }
        #expect(status { _ = try list.add(NewStorageTarget(location: "/mnt/more"), with: keys) } == 409)
        #expect(list.targets.count == StorageTargetList.limit)
    }

    @Test func aChangeKeepsWhatItDoesNotName() throws {
        var list = StorageTargetList(nil)
        let location = try list.add(share, with: keys)
        let id = StorageTargetResource.id(of: location)
        func credentials() throws -> TargetCredentials? {
            StorageTargetList.credentials(try #require(list[id: id]).config, of: location, with: keys)
        }
        _ = try list.change(id, StorageTargetChange(user: "ben"), with: keys)
        #expect(try credentials() == TargetCredentials(user: "ben", password: "secret", domain: "home"))
        _ = try list.change(id, StorageTargetChange(password: "other"), with: keys)
        #expect(try credentials()?.password == "other")
        #expect(status { _ = try list.change(id, StorageTargetChange(user: ""), with: keys) } == 400, "a password without a user")
        _ = try list.change(id, StorageTargetChange(user: "", password: ""), with: keys)
        #expect(try credentials() == TargetCredentials(user: "", password: "", domain: "home"))
        #expect(status { _ = try list.change("0", StorageTargetChange(), with: keys) } == 404)
        #expect(try list.remove(id) == location && list.targets.isEmpty)
        #expect(status { _ = try list.remove(id) } == 404)
    }

    @Test func whatNoKeyOpensIsNotSealed() throws {
        var list = StorageTargetList(nil)
        let none = SealedDataKeys().keyring(of: try NodeIdentity.loadOrCreate(in: TemporaryDirectory().path, board: .current()))
        #expect(status { _ = try list.add(share, with: none) } == 503)
        _ = try list.add(NewStorageTarget(location: "/mnt/nas"), with: none)
    }

    /// A later version's configuration, or bytes that are none.
    @Test func whatIsNotUnderstoodIsPassedOver() throws {
        #expect(StorageTargetList([1, 2, 3]).targets.isEmpty)
        var config = StorageConfig()
        config.targets = ["s3://bucket", "/mnt/a"].map { location in
            var target = StorageConfig.Target()
            target.location = location
            return target
        }
        var list = StorageTargetList(try config.serializedBytes())
        #expect(list.targets.map { "\($0.location)" } == ["/mnt/a"])
        _ = try list.add(NewStorageTarget(location: "/mnt/b"), with: keys)
        #expect(try StorageConfig(serializedBytes: list.bytes()).targets.map(\.location) == ["s3://bucket", "/mnt/a", "/mnt/b"], "and kept")
    }

    @Test func secretsDoNotPrint() {
        let change = StorageTargetChange(user: "ann", password: "secret")
        #expect(!"\(share)".contains("secret") && !"\(change)".contains("secret"))
    }

    // MARK: What all nodes say as one

    private func part(_ node: String, problem: ProblemNote? = nil, scope: StorageScope = .mesh, waiting: Int = 0) -> StorageResource {
        StorageResource(
            targets: [
                StorageTargetResource(
                    id: "1", location: "smb://nas/cam", name: "cam", scope: scope, user: scope == .mesh ? "ann" : nil,
                    reach: [
                        TargetReach(
                            node: node, nodeName: node, problem: problem, freeBytes: problem == nil ? 1_000_000_000 : nil,
                            totalBytes: problem == nil ? 4_000_000_000 : nil)
                    ])
            ],
            nodes: [
                NodeStorageResource(
                    node: node, nodeName: node, spooledBytes: Int64(waiting) * 1_000_000, spoolLimitBytes: 256_000_000, waitingClips: waiting,
                    reason: waiting == 0 ? nil : "cam cannot be written now")
            ], missing: [])
    }

    private let wording = Samples.wording()

    @Test func whatIsLostIsSaidAndSummedUp() {
        var storage = StorageResource.merged([part("porch")], missing: [])
        let start = Date(timeIntervalSince1970: 1_795_178_096)
        storage.nodes[0].losses = (0..<7).map { place in
            LossResource(
                camera: "1", cameraName: "porch", clip: "c\(place)", start: start.addingTimeInterval(Double(place) * 60),
                end: start.addingTimeInterval(Double(place) * 60 + 12.5), reason: place == 6 ? "peer-let-go" : "memory-full")
        }
        let lines = StorageCommand.text(storage, wording).split(separator: "\n").suffix(6)
        #expect(lines.first == "! porch: 2 earlier losses")
        #expect(lines.dropFirst().first == "! lost: 12.5 s of porch from \(wording.time(start.addingTimeInterval(120))) on: memory was full, and no storage and no peer took it")
        #expect(lines.last == "! lost: 12.5 s of porch from \(wording.time(start.addingTimeInterval(360))) on: the peer that was to store it did not keep it")
    }

    @Test func oneTargetIsListedOnceWithEverybodysWayToIt() {
        let away = ProblemNote(message: "cannot use smb://nas/cam: No route to host", cure: "Check it")
        var merged = StorageResource.merged(
            [part("porch", scope: .node), part("garage", problem: away, waiting: 2)], missing: [MissingNode(node: "3", name: "garden", reason: "no answer")])
        merged.nodes[0].safeOutside = DepartureResource(fragments: 9, p50Seconds: 0.3, p99Seconds: 1.24)
        merged.nodes[1].safeOutside = DepartureResource(fragments: 9, p50Seconds: 0.01, p99Seconds: 0.0372)
        #expect(merged.targets.count == 1)
        #expect(merged.targets[0].scope == .mesh && merged.targets[0].user == "ann")
        #expect(merged.targets[0].reach.map(\.nodeName) == ["garage", "porch"])
        #expect(merged.nodes.map(\.nodeName) == ["garage", "porch"] && merged.missing.map(\.name) == ["garden"])
        #expect(
            StorageCommand.text(merged, wording) == """
                STORAGE        SET BY    USED BY          FREE       OF
                smb://nas/cam  the mesh  1 of 2 nodes  954 MiB  3.7 GiB

                NODE    IN MEMORY       OF  CLIPS WAITING  SAFE OUTSIDE AFTER  WHY
                garage    1.9 MiB  244 MiB              2               1.3 s  cam cannot be written now
                porch         0 B  244 MiB              0               38 ms

                ! garden is missing: no answer
                ! garage: cannot use smb://nas/cam: No route to host; Check it
                """)
        #expect(StorageCommand.text(StorageResource(targets: [], nodes: [], missing: []), wording).hasPrefix("No storage is set"))
    }
}
