import Logging
import ServiceLifecycle

/// One node from its start to its end: alone first, perhaps, and then, without a new process, as a member of a mesh.
struct NodeLife: Service {
    let settings: Settings
    let logger: Logger

    /// Until SIGTERM or SIGINT. They are caught once for the whole life, so that none is lost between one ``Node`` and the next.
    ///
    /// - Throws: when the node cannot start, or ends by itself.
    static func lead(_ settings: Settings, logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: NodeLife(settings: settings, logger: logger), successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quieter())
        // The node's own patience, and a moment to tell.
        configuration.maximumGracefulShutdownDuration = Node.patience + .milliseconds(500)
        configuration.maximumCancellationDuration = Node.lastPatience
        try await ServiceGroup(configuration: configuration).run()
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully {
            guard try await Node(settings: settings, logger: logger).run() == .belongsToMesh else { return }
        }
    }
}
