import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Testing
import TestSupport

@testable import MeshCam

/// A door that is shut while callers stand in it.
@Suite struct UnservedConnectionsTests {
    /// The process lives, and the callers are told: a node that becomes a member stops its servers while others call it.
    @Test(.timeLimit(.minutes(1))) func aServerThatStopsEndsThem() async throws {
        let door = ConnectionGuard.Door()
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = Application(
            responder: CallbackResponder { (_: Request, _: BasicRequestContext) in Response(status: .ok) }, server: door.server(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            // It accepts from here on, and serves only when this returns.
            onServerRunning: { channel in
                port.yield(channel.localAddress?.port ?? 0)
                try? await ContinuousClock().sleep(for: .seconds(600))
            },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await DoorService(door: door, server: server).run() }
        var clients: [any Channel] = []
        for await port in ports {
            for _ in 0..<8 {
                clients.append(try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port).get())
            }
            break
        }
        try await eventually { door.unserved.count == clients.count }
        running.cancel()
        _ = await running.result
        for client in clients { try await client.closeFuture.get() }
        try await eventually { door.unserved.count == 0 }
    }
}
