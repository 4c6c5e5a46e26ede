import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// `GET` and `POST /join`, open to everybody: how a node with a ticket comes into the mesh. The bodies are protobuf, and everything that
/// matters in them is signed (Docs: Trust); ``JoinDesk`` decides.
struct JoinRoutes: Sendable {
    private let node: NodeServices
    private let logger: Logger
    private let counter: Counter

    /// One for the door.
    private final class Counter: Sendable {
        let desk: Mutex<JoinDesk>
        /// Tries that a person with a card never makes.
        let throttle = Mutex(SignInThrottle(free: 20, longest: .seconds(60)))

        init(_ identity: NodeIdentity) { desk = Mutex(JoinDesk(identity: identity)) }
    }

    init(node: NodeServices, logger: Logger) {
        self.node = node
        self.logger = logger
        counter = Counter(node.identity)
    }

    func add(to group: RouterGroup<APIContext>) {
        group.get("join") { [node, counter] _, _ in
            guard !node.isAlone else { throw Self.notHere }
            return Self.octets(counter.desk.withLock { $0.offer(now: .now) })
        }
        group.post("join") { request, context in try await join(request, context) }
    }

    private func join(_ request: Request, _ context: APIContext) async throws -> Response {
        guard !node.isAlone else { throw Self.notHere }
        let address = context.channel.remoteAddress?.ipAddress ?? "?"
        if let wait = counter.throttle.withLock({ $0.wait(for: address, now: .now) }) {
            let seconds = Int((wait / .seconds(1)).rounded(.up))
            var response = ProblemDetails(
                title: "Too many tries", status: 429, detail: "Joining from this address is paused.", cure: "Try again in \(seconds) s."
            ).response
            response.headers[.retryAfter] = "\(seconds)"
            return response
        }
        let body = Array(buffer: try await request.wholeBody(upTo: JoinDesk.requestLimit))
        let roster = node.gossip.view.roster
        switch counter.desk.withLock({ $0.consider(body, roster: roster, now: .now) }) {
        case .refuse(let reason):
            counter.throttle.withLock { $0.failed(address, now: .now) }
            node.audit.record(.joinRefused, context, detail: JoinError.refused(reason).reason)
            logger.info("a node was not taken in by its ticket: \(JoinError.refused(reason).reason)", metadata: ["address": "\(address)"])
            return Self.octets(JoinAnswer.refusal(reason))
        case .known(let guest):
            counter.throttle.withLock { $0.succeeded(address) }
            return Self.octets(answer(guest))
        case .admit(let record, let guest):
            counter.throttle.withLock { $0.succeeded(address) }
            await node.gossip.merge([record])
            let ticket = node.gossip.view.roster.tickets.last { $0.joined.contains(guest.newcomer.id) }?.ticket
            let name = ticket.map { $0.name.isEmpty ? String($0.id.prefix(8)) : $0.name } ?? ""
            node.audit.record(.cameraJoined, context, who: "ticket \(name)", subject: guest.newcomer.name, detail: "\(guest.newcomer.id)")
            logger.notice(
                "a node joined with a ticket", metadata: ["node": "\(guest.newcomer.id.short)", "name": "\(guest.newcomer.name)", "address": "\(address)"])
            return Self.octets(answer(guest))
        }
    }

    private func answer(_ guest: JoinDesk.Guest) -> [UInt8] {
        let (roster, peers) = (node.gossip.view.roster, node.whereabouts)
        return counter.desk.withLock { $0 }.answer(guest, roster: roster, peers: peers)
    }

    private static func octets(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/octet-stream", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static let notHere = ProblemDetails(
        title: "No mesh here", status: 409, detail: "This node belongs to no mesh, so nobody can join it.", cure: "Ask a camera that belongs to one.")
}
