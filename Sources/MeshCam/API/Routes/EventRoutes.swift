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
                    for await event in events { try await writer.write(ByteBuffer(string: node.events.text(event))) }
                    try await writer.finish(nil)
                })
        }
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
