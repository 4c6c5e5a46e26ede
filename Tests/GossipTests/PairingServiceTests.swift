import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Gossip

/// The real door on loopback: members, thieves and nonsense.
@Suite(.timeLimit(.minutes(2))) struct PairingServiceTests {
    private let mesh = TestMesh.shared
    private let identity = TestMesh(nodes: 1, name: "at the door").identities[0]
    private let directory = TemporaryDirectory()

    /// A door that is open, and what to do there.
    private func atTheDoor(
        code keeper: SetupCodeKeeper, joins: Bool = false, _ body: @Sendable @escaping (PeerAddress) async throws -> Void
    ) async throws -> TrustStore? {
        let service = PairingService(
            identity: identity, name: "gate", directory: directory.path, code: keeper, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: TrustStore?.self) { group in
            group.addTask { try? await service.run(host: "127.0.0.1", port: 0) }
            let port = try #require(await service.boundPort())
            try await body(PeerAddress(host: "127.0.0.1", port: port))
            if !joins { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func pair(_ address: PeerAddress, _ code: SetupCode) async throws(PairingError) -> NodeID {
        let mesh = mesh
        return try await PairingClient(own: mesh.identities[0].public, name: "yard").pair(with: [address], code: code) { node, name in
            var roster = mesh.roster
            roster.merge([mesh.root.admit(node, name: name, serial: 2)])
            return (roster, [mesh.identities[0].id: [PeerAddress(host: "192.0.2.7", port: 7462)]])
        }
    }

    private static func other(than code: SetupCode) -> SetupCode {
        while true {
            let other = SetupCode()
            if other != code { return other }
        }
    }

    @Test func joinsAndKeepsIt() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let code = try keeper.code(now: .now)
        let trust = try await atTheDoor(code: keeper, joins: true) { address in
            await #expect(throws: PairingError.wrongCode(retryAfter: .zero)) { try await pair(address, Self.other(than: code)) }
            let joined = try await pair(address, code)
            #expect(joined == identity.id)
        }
        #expect(trust?.meshID == mesh.genesis.meshID)
        let kept = try #require(try TrustStore.load(from: directory.path))
        #expect(kept.roster.admission(of: identity.id)?.name == "gate" && kept.roster.members.count == 11)
        #expect(PeersFile.load(from: directory.path)[mesh.identities[0].id]?.addresses == [PeerAddress(host: "192.0.2.7", port: 7462)])
        // The code dies with its use.
        #expect(!FileManager.default.fileExists(atPath: keeper.printedFile) && !FileManager.default.fileExists(atPath: directory.path + "/setup"))
    }

    /// Two free tries, then pauses; a restart gives none back.
    @Test func wrongCodesArePaused() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let code = try keeper.code(now: .now)
        let wrong = Self.other(than: code)
        _ = try await atTheDoor(code: keeper) { address in
            for wait in [Duration.zero, .zero, .seconds(8)] {
                await #expect(throws: PairingError.wrongCode(retryAfter: wait)) { try await pair(address, wrong) }
            }
            await #expect { try await pair(address, code) } throws: { error in
                guard case .paused(let wait) = error as? PairingError else { return false }
                return wait > .seconds(5) && wait <= .seconds(8)
            }
        }
        let again = try SetupCodeKeeper(directory: directory.path)
        let known = try again.code(now: .now)
        #expect(known == code && again.wait(now: .now) > .seconds(7))
        _ = try await atTheDoor(code: again) { address in
            await #expect { try await pair(address, code) } throws: {
                if case .paused = $0 as? PairingError { true } else { false }
            }
        }
    }

    /// Counted before it is answered: who hangs up after learning our share has used a try.
    @Test func hangingUpIsNoFreeGuess() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        _ = try await atTheDoor(code: keeper) { address in
            let stream = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try PairingConnection.Stream(wrappingChannelSynchronously: channel) }
                }
            let channel = stream.channel
            try await stream.executeThenClose { inbound, outbound in
                var connection = PairingConnection(channel: channel, inbound: inbound, outbound: outbound)
                var thief = PairingInitiator(own: mesh.identities[1].public, name: "thief", code: SetupCode())
                try await connection.send(thief.hello)
                guard case .send(let share) = try thief.receive(try await connection.receive()) else { return }
                try await connection.send(share)
                _ = try await connection.receive()
            }
        }
        let file = try #require(try DurableFile.read(directory.path + "/setup", limit: 4096, operation: "look"))
        let content = try #require(Checksummed.open(file))
        let stored = try WireSetupFile(serializedBytes: content)
        #expect(stored.failures == 1)
    }

    /// Hundreds of connections that say nothing, and some that talk nonsense: a member with the code gets in all the same.
    @Test func aCrowdAtTheDoor() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let code = try keeper.code(now: .now)
        let trust = try await atTheDoor(code: keeper, joins: true) { address in
            var crowd: [any Channel] = []
            let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            for number in 0..<200 {
                let channel = try await bootstrap.connect(host: address.host, port: address.port).get()
                crowd.append(channel)
                // Lengths that promise gigabytes, bytes that are no message, and silence.
                let bytes: [UInt8] = switch number % 4 {
                case 0: [0xff, 0xff, 0xff, 0xff]
                case 1: [0, 0, 0, 3, 1, 2, 3]
                case 2: [0, 0]
                default: []
                }
                if !bytes.isEmpty { try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
            }
            let joined = try await pair(address, code)
            #expect(joined == identity.id)
            for channel in crowd { channel.close(promise: nil) }
        }
        #expect(trust != nil)
    }

    /// Whoever connects in the very moment when the door closes does not take the program down, and is not left hanging.
    @Test func theDoorClosesWhileOthersKnock() async throws {
        for _ in 0..<20 {
            let directory = TemporaryDirectory()
            let service = PairingService(
                identity: identity, name: "gate", directory: directory.path, code: try SetupCodeKeeper(directory: directory.path),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try? await service.run(host: "127.0.0.1", port: 0) }
            let port = try #require(await service.boundPort())
            let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            let knocks = (0..<40).map { _ in bootstrap.connect(host: "127.0.0.1", port: port) }
            _ = try await knocks[0].get()
            running.cancel()
            _ = await running.value
            for knock in knocks { if let channel = try? await knock.get() { try? await channel.closeFuture.get() } }
        }
    }

    @Test func aLabelPrintedBefore() throws {
        let card = TemporaryDirectory()
        let label = SetupCode()
        try Data("\(label.printed)\r\n".utf8).write(to: URL(fileURLWithPath: card.path + "/setup-code.txt"))
        let keeper = try SetupCodeKeeper(directory: directory.path, card: card.path)
        #expect(try keeper.code(now: .now) == label)
        var now = ContinuousClock.now
        for _ in 0..<20 {
            now += keeper.wait(now: now)
            try keeper.begin(now: now)
        }
        let new = try keeper.code(now: now)
        #expect(new != label)
        let printed = try String(contentsOfFile: keeper.printedFile, encoding: .utf8)
        #expect(SetupCode(typed: printed) == new)
        #expect(try SetupCodeKeeper(directory: directory.path, card: card.path).code(now: .now) == new)
    }

    /// Two dashboards, or a person who presses twice: one of them makes the node a member.
    @Test func oneAtATimeMakesItAMember() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let code = try keeper.code(now: .now)
        #expect(keeper.claim() && !keeper.claim())
        #expect(throws: PairingError.busy) { try keeper.check(code.printed, now: .now) }
        keeper.release()
        #expect(keeper.claim())
        keeper.end()
        #expect(!keeper.claim())
        #expect(throws: PairingError.busy) { try keeper.begin(now: .now) }
        #expect(!FileManager.default.fileExists(atPath: keeper.printedFile) && !FileManager.default.fileExists(atPath: directory.path + "/setup"))
    }

    /// Many tries at once count like tries one after another.
    @Test func triesAtOnceAreAllCounted() async throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let wrong = Self.other(than: try keeper.code(now: .now)).printed
        let now = ContinuousClock.now
        let outcomes = await withTaskGroup(of: PairingError?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do throws(PairingError) { try keeper.check(wrong, now: now) } catch { return error }
                    return nil
                }
            }
            return await group.reduce(into: [PairingError?]()) { $0.append($1) }
        }
        #expect(outcomes.count { if case .wrongCode = $0 { true } else { false } } == 3)
        #expect(outcomes.count { $0 == .paused(.seconds(8)) } == 47)
        let file = try #require(try DurableFile.read(directory.path + "/setup", limit: 4096, operation: "look"))
        let content = try #require(Checksummed.open(file))
        #expect(try WireSetupFile(serializedBytes: content).failures == 3)
    }

    /// What stands where people would look stops nothing.
    @Test func aPrintedFileThatCannotBeWritten() throws {
        try FileManager.default.createDirectory(atPath: directory.path + "/setup-code.txt/x", withIntermediateDirectories: true)
        let keeper = try SetupCodeKeeper(directory: directory.path)
        #expect(keeper.printedProblem?.contains("setup-code.txt") == true)
        let kept = try SetupCodeKeeper.printed(in: directory.path)
        let code = try keeper.code(now: .now)
        #expect(kept == code)
    }

    /// A newcomer shows that it knows a code, and none of its keys: it may not take another's.
    @Test func keysOfOthersAreRefused() throws {
        let (own, other) = (identity.public, mesh.identities[3].public)
        #expect(throws: Never.self) { try mesh.roster.checkNewcomer(own) }
        #expect(throws: Never.self) { try mesh.roster.checkNewcomer(other) }
        func mixed(sign: NodeIdentity.Public, dh: NodeIdentity.Public, tls: NodeIdentity.Public) -> NodeIdentity.Public {
            NodeIdentity.Public(id: sign.id, signPublicKey: sign.signPublicKey, dhPublicKey: dh.dhPublicKey, tlsKeyHash: tls.tlsKeyHash, hardware: "")
        }
        for thief in [mixed(sign: other, dh: own, tls: own), mixed(sign: own, dh: other, tls: own), mixed(sign: own, dh: own, tls: other)] {
            #expect(throws: PairingError.notAdmitted("this camera shows a key of 'node3'; it may not be what it says")) {
                try mesh.roster.checkNewcomer(thief)
            }
        }
        var roster = mesh.roster
        roster.merge([mesh.root.revoke(other.id, serial: 9)])
        #expect(throws: PairingError.self) { try roster.checkNewcomer(other) }
    }

    @Test func typedCodesCost() throws {
        let keeper = try SetupCodeKeeper(directory: directory.path)
        let code = try keeper.code(now: .now)
        #expect(throws: PairingError.wrongCode(retryAfter: .zero)) { try keeper.check("12", now: .now) }
        #expect(keeper.wait(now: .now) == .zero)
        let wrong = Self.other(than: code).printed
        var now = ContinuousClock.now
        for wait in [0, 0, 8] {
            #expect(throws: PairingError.wrongCode(retryAfter: .seconds(wait))) { try keeper.check(wrong, now: now) }
        }
        #expect(throws: PairingError.paused(.seconds(8))) { try keeper.check(code.printed, now: now) }
        now += .seconds(8)
        try keeper.check(code.printed, now: now)
        #expect(keeper.wait(now: now) == .zero)
    }
}
