import Foundation
import Logging
import Testing

@testable import Gossip

/// Passes on what operators would read as an error.
private struct ErrorNotes: LogHandler {
    let seen: AsyncStream<String>.Continuation
    var logLevel = Logger.Level.error
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { seen.yield("\(event.message)") }
}

/// A full or broken card, and one that works again.
@Suite(.timeLimit(.minutes(5))) struct BrokenDiskTests {
    @Test func aLaterBootIsWrittenWhenTheDiskTakesItAgain() async throws {
        let directory = TemporaryDirectory()
        let identity = try NodeIdentity.loadOrCreate(in: directory.path, board: BoardSerial("test"))
        let (genesis, root, _) = Founding.found(name: "test")
        let errors = AsyncStream<String>.makeStream()
        let records = [root.admit(identity.public, name: "here", serial: 1)]
        let service = GossipService(
            settings: GossipSettings(port: 0, peerPort: 1), identity: identity,
            trust: TrustStore(directory: directory.path, genesis: genesis, records: records), discovery: nil, peers: NoExchange(),
            logger: Logger(label: "test") { _ in ErrorNotes(seen: errors.continuation) })
        struct NoExchange: PeerExchange {
            func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] { throw CancellationError() }
        }
        // Its own word from a later boot: what a member still has of before the disk was rolled back.
        let later = Standing(status: .alive, incarnation: Incarnation(boot: 7, number: 0))
        let body = Claim(subject: identity.id, standing: later, author: identity.id).body
        var request = WireExchangeRequest()
        request.delta.claims = [
            WireSigned(body: body, signature: identity.sign(body, domain: .claim, mesh: genesis.meshID), signer: identity.id.bytes)
        ]
        let file = "\(directory.path)/identity"
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            #expect(await waits(.seconds(120), for: service.changes()) { service.boundPort != nil })
            try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
            _ = await service.answer(peer: identity.id, request.wireBytes)
            for await _ in errors.stream { break }
            try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            #expect(await waits(.seconds(120), for: service.changes()) { service.view.member(identity.id)?.incarnation == "8.0" })
            group.cancelAll()
        }
        #expect(try NodeIdentity.loadOrCreate(in: directory.path, board: BoardSerial("test")).boot == 9)
    }

    /// A revocation that is heard while the card takes nothing is on it as soon as it does, and the operator reads of it once.
    @Test func aRevocationIsWrittenWhenTheDiskTakesItAgain() async throws {
        let directory = TemporaryDirectory()
        let mesh = TestMesh(nodes: 2)
        let errors = AsyncStream<String>.makeStream()
        let service = GossipService(
            settings: GossipSettings(port: 0, peerPort: 1), identity: mesh.identities[0],
            trust: TrustStore(directory: directory.path, genesis: mesh.genesis, records: mesh.roster.records), discovery: nil, peers: Nobody(),
            logger: Logger(label: "test") { _ in ErrorNotes(seen: errors.continuation) })
        let gone = mesh.identities[1].id
        // Something stands where the file is to be.
        let file = "\(directory.path)/mesh"
        try FileManager.default.createDirectory(atPath: file + "/x", withIntermediateDirectories: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            await service.merge([mesh.root.revoke(gone, serial: 9)])
            var seen = errors.stream.makeAsyncIterator()
            #expect(await seen.next()?.contains("write the mesh's roster") == true)
            try FileManager.default.removeItem(atPath: file)
            while try TrustStore.load(from: directory.path)?.roster.isRevoked(gone) != true {
                try await ContinuousClock().sleep(for: .milliseconds(20))
            }
            errors.continuation.finish()
            #expect(await seen.next() == nil, "said once")
            group.cancelAll()
        }
    }

    private struct Nobody: PeerExchange {
        func exchange(with member: Member, _ request: [UInt8]) async throws -> [UInt8] { throw CancellationError() }
    }
}
