import Foundation
import Gossip
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// The node's doors: HTTPS for browsers, plain HTTP on loopback where asked for, mutual TLS for peers.
struct WebServer: Sendable {
    let node: NodeServices
    let dashboard: DashboardFiles
    let logger: Logger
    let gate = SignInGate()
    let exchanges = ExchangeGate()

    /// Hummingbird reports each connection that a shut-down cuts as an error, and each open port at `info`; what operators need
    /// to know is logged here.
    private var serverLogger: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }

    /// HTTPS for browsers and programs, on all addresses.
    func web(tls: TLSConfiguration) -> any Service {
        let port = node.settings.network.webPort
        return service(
            router(.web), tls: TLSChannelConfiguration(tlsConfiguration: tls), host: Self.anyAddress, port: port,
            onServerRunning: { [logger] in logger.info("dashboard at https://localhost:\(port)") })
    }

    /// Plain HTTP, for this machine alone.
    func loopback(port: Int) -> any Service { service(router(.loopback), host: "127.0.0.1", port: port) }

    /// Mutual TLS 1.3 between members.
    func peers(port: Int) throws -> any Service {
        let gossip = node.gossip
        let (tls, verify) = try PeerTLS.server(identity: node.identity, roster: { gossip.view.roster })
        return service(
            peerRouter(), ConnectionGuard.Door(peers: node.peers.connections),
            tls: TLSChannelConfiguration(tlsConfiguration: tls, customVerificationCallback: verify), host: Self.anyAddress, port: port)
    }

    private func service(
        _ router: Router<APIContext>, _ door: ConnectionGuard.Door = .init(), tls: TLSChannelConfiguration? = nil, host: String, port: Int,
        onServerRunning: @escaping @Sendable () -> Void = {}
    ) -> any Service {
        let application = Application(
            router: router, server: door.server(tls: tls),
            configuration: .init(address: .hostname(host, port: port), serverName: "MeshCam"),
            onServerRunning: { _ in onServerRunning() }, logger: serverLogger)
        return DoorService(door: door, server: application)
    }

    /// IPv6 sockets take IPv4 as well. Without IPv6 in the kernel there is only IPv4; and where IPv6 is switched off on every interface,
    /// the resolver that the server asks refuses `::` (AI_ADDRCONFIG in getaddrinfo(3)).
    static var anyAddress: String {
        guard FileManager.default.fileExists(atPath: "/proc/net/if_inet6") else { return "0.0.0.0" }
        var hints = addrinfo()
        hints.ai_flags = AI_ADDRCONFIG
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo("::", nil, &hints, &found) == 0 else { return "0.0.0.0" }
        freeaddrinfo(found)
        return "::"
    }

    private func router(_ door: Authentication.Door) -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: APIHeaders())
        router.add(middleware: ProblemMiddleware(logger: logger))
        router.add(middleware: Authentication(door: door, node: node, gate: gate))
        router.get("healthz") { _, _ in Response.text("ok") }
        router.get("readyz") { [node] _, _ in
            node.isReady ? Response.text("ready") : Response.text("starting", status: .serviceUnavailable)
        }
        OpenCameraRoutes(node: node).add(to: router.group("api/v1"))
        let session = SessionRoutes(node: node, door: door, gate: gate, logger: logger)
        let open = router.group("api/mesh/v1")
        session.addPublic(to: open)
        RecoveryRoutes(node: node, gate: gate, logger: logger).addPublic(to: router.group("api/mesh/v1").add(middleware: KeptOnDisk(node: node)))
        CertificateRoutes(node: node).add(to: open)
        let closed = router.group("api/mesh/v1").add(middleware: RequireCaller()).add(middleware: EndWithSession(node: node))
        // Only what administers: a trigger waits for no card.
        let kept = router.group("api/mesh/v1").add(middleware: RequireCaller()).add(middleware: EndWithSession(node: node))
            .add(middleware: KeptOnDisk(node: node))
        session.add(to: kept)
        GroupRoutes(node: node).add(to: kept)
        StorageRoutes(node: node).add(to: kept)
        UserRoutes(node: node, door: door, gate: gate).add(to: kept)
        TokenRoutes(node: node).add(to: kept)
        AuditRoutes(node: node).add(to: kept)
        PairingRoutes(node: node, logger: logger).add(to: kept)
        StolenRoutes(node: node, gate: gate, logger: logger).add(to: kept)
        TicketRoutes(node: node, logger: logger).add(to: kept)
        if door == .web { JoinRoutes(node: node, logger: logger).add(to: open) }
        if let joining = node.joining { FoundingRoutes(node: node, joining: joining, logger: logger).add(to: open) }
        addResources(to: closed)
        ExportRoutes(node: node).add(to: closed)
        router.get("/") { [dashboard] request, _ in try dashboard.response(to: request, path: "/index.html") }
        router.get("/**") { [dashboard] request, _ in try dashboard.response(to: request, path: request.uri.path) }
        return router
    }

    private func peerRouter() -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(logger: logger))
        router.add(middleware: Authentication(door: .peers, node: node, gate: gate))
        let api = router.group("api/mesh/v1")
        addResources(to: api)
        let kept = router.group("api/mesh/v1").add(middleware: KeptOnDisk(node: node))
        GroupRoutes(node: node).add(to: kept)
        StorageRoutes(node: node).addView(to: api)
        StorageRoutes(node: node).addChanges(to: kept)
        UserRoutes(node: node, door: .peers, gate: gate).addChanges(to: kept)
        TokenRoutes(node: node).addChanges(to: kept)
        AuditRoutes(node: node).add(to: api)
        PairingRoutes(node: node, logger: logger).addDiscovered(to: api)
        FeedRoutes(node: node).add(to: api)
        ReplicaRoutes(node: node).add(to: api)
        StorageRoutes(node: node).addRaces(to: api)
        router.post("gossip") { [node, exchanges] request, context in
            guard case .peer(let peer) = context.caller else { throw ProblemDetails.forbidden("Members only.") }
            let answer = try await exchanges.admit(peer) {
                let body = try await request.wholeBody(upTo: 4 << 20)
                return await node.gossip.answer(peer: peer, Array(buffer: body))
            }
            guard let answer else {
                throw ProblemDetails(
                    title: "Not heeded", status: 429, detail: "This request does not read, or too much came from this member that changes nothing.",
                    cure: "Compare again later.")
            }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer)))
        }
        return router
    }

    private func addResources(to group: RouterGroup<APIContext>) {
        CameraRoutes(node: node).add(to: group)
        WhepRoutes(node: node).add(to: group)
        ClipRoutes(node: node).add(to: group)
        IncidentRoutes(node: node).add(to: group)
        NodeRoutes(node: node).add(to: group)
        EventRoutes(node: node).add(to: group)
    }
}

/// A server with the door that it serves.
struct DoorService: Service {
    let door: ConnectionGuard.Door
    let server: any Service

    func run() async throws {
        defer { door.unserved.end() }
        try await server.run()
    }
}

extension Response {
    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
    }
}
