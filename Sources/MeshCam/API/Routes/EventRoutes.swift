import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// `/events`: Server-Sent Events of the whole mesh, resumable.
struct EventRoutes: Sendable {
    let node: NodeServices

    func add(to group: RouterGroup<APIContext>) {
        group.get("events") { [node] request, context in
            let events = node.events.listen(after: request.headers[.lastEventID], localOnly: context.isLocal)
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    // At once, so that the page knows the line is open.
                    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                    for await event in events {
                        guard let event = event.cut(to: context.rights) else { continue }
                        try await writer.write(ByteBuffer(string: node.events.text(event)))
                    }
                    try await writer.finish(nil)
                })
        }
    }
}

extension EventHub.Event {
    /// What is left of it for a caller; `nil`: nothing. Of a kind that is not known here only admins hear.
    func cut(to rights: Rights) -> EventHub.Event? {
        if rights.mayAdminister || name == .beat || name == .resync { return self }
        switch name {
        case .camera: return cut(CameraResource.self, rights.cut)
        case .clip: return cut(ClipResource.self, rights.cut)
        case .node: return cut(NodeResource.self, rights.cut)
        case .event: return cut(EventNotice.self) { rights.sees(camera: $0.camera) ? $0 : nil }
        case .storage: return cut(LossResource.self) { rights.sees(camera: $0.camera) ? $0 : nil }
        default: return nil
        }
    }

    private func cut<Resource: Codable>(_ type: Resource.Type, _ cut: (Resource) -> Resource?) -> EventHub.Event? {
        guard let resource = try? JSONCoding.decoder.decode(type, from: data), let rest = cut(resource),
            let data = try? JSONCoding.encoder.encode(rest)
        else { return nil }
        return EventHub.Event(number: number, name: name, data: data, isLocal: isLocal)
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
