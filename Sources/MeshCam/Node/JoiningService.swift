import Foundation
import Gossip
import Logging
import ServiceLifecycle

/// How a node that belongs to no mesh comes to one: it waits to be paired, joins with the ticket on its card, or is told by
/// its own dashboard to found one.
final class JoiningService: Service {
    /// Thrown by ``run()``: the node belongs to a mesh now, and is to start as its member.
    struct BelongsToMesh: Error {}

    /// A port that another program has may become free.
    private static let retryInterval = Duration.seconds(5)
    /// Time for the answer to reach whoever founded the mesh.
    private static let farewell = Duration.milliseconds(500)

    let code: SetupCodeKeeper
    private let pairing: PairingService
    private let ticket: TicketJoining
    private let port: Int
    private let founded = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let logger: Logger

    init(code: SetupCodeKeeper, pairing: PairingService, ticket: TicketJoining, port: Int, logger: Logger) {
        self.code = code
        self.pairing = pairing
        self.ticket = ticket
        self.port = port
        self.logger = logger
    }

    /// - Throws: ``BelongsToMesh``, or when cancelled.
    func run() async throws {
        if let problem = code.printedProblem { logger.warning("\(problem) 'meshcam code' prints it all the same.") }
        logger.notice("the setup code is in \(code.printedFile); 'meshcam code' prints it")
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.waitToBePaired() }
            group.addTask {
                try await self.ticket.run()
                throw BelongsToMesh()
            }
            group.addTask {
                for await _ in self.founded.stream {
                    try await ContinuousClock().sleep(for: Self.farewell)
                    throw BelongsToMesh()
                }
            }
        }
    }

    private func waitToBePaired() async throws {
        while true {
            do {
                _ = try await pairing.run(host: WebServer.anyAddress, port: port)
                throw BelongsToMesh()
            } catch let error where error is BelongsToMesh || error is CancellationError {
                throw error
            } catch {
                logger.warning("nobody can add this node now: port \(port) for pairing cannot be opened: \(error.systemReason). Set another network.pairing_port.")
                try await ContinuousClock().sleep(for: Self.retryInterval)
            }
        }
    }

    /// A mesh was founded here, and is on the disk.
    func found() {
        code.end()
        founded.continuation.yield()
    }
}
