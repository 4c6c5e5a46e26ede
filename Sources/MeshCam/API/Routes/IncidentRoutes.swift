import Foundation
import Hummingbird
import Storage

/// `/incidents`: one card for everything that happened together.
struct IncidentRoutes: Sendable {
    let node: NodeServices

    /// All clips of one incident begin within this time: a recording's files are cut at 10 minutes, and an incident takes no
    /// new activity after 10.
    static let span: TimeInterval = 30 * 60
    /// Clips that one page looks at, at most.
    static let scanned = 5000

    func add(to group: RouterGroup<APIContext>) {
        group.get("incidents") { request, context in try Response.json(await list(try ClipQuery(request), context)) }
        group.get("incidents/:event") { _, context in
            let event = context.parameter("event")
            let found = await node.clips(ClipQuery(event: event, limit: 500), context: context)
            guard let incident = IncidentGrouping.incidents(found.clips).first else { throw ProblemDetails.notFound("incident", event) }
            return try Response.json(incident)
        }
    }

    /// Walks the clips newest first until the page's incidents are whole. The cursor is the newest clip of the last incident shown.
    private func list(_ query: ClipQuery, _ context: APIContext) async -> IncidentPage {
        var scan = query
        scan.limit = 500
        // An incident that was shown already may have older clips: look at a little of the page before to know it.
        scan.after = nil
        if let after = query.after { scan.to = min(query.to ?? .distantFuture, after.start.addingTimeInterval(Self.span)) }
        var clips: [ClipResource] = []
        var missing: [MissingNode] = []
        var shown: ArraySlice<IncidentResource> = []
        while true {
            let page = await node.clips(scan, context: context)
            clips += page.clips
            missing = page.missing
            let all = IncidentGrouping.incidents(clips)
            shown = all.drop { incident in
                guard let after = query.after, let newest = incident.newestClip else { return false }
                return newest.start > after.start || (newest.start == after.start && newest.id >= after.id)
            }
            let enough = shown.count > query.limit
            let last = shown.prefix(query.limit).last?.newestClip?.start
            let isWhole = last.map { last in clips.last.map { $0.start < last.addingTimeInterval(-Self.span) } ?? true } ?? false
            guard let cursor = page.cursor.flatMap({ ClipQuery.Cursor($0) }), clips.count < Self.scanned, !(enough && isWhole) else { break }
            scan.after = cursor
        }
        let incidents = Array(shown.prefix(query.limit))
        let next = shown.count > incidents.count ? incidents.last?.newestClip.map { ClipQuery.Cursor($0).text } : nil
        return IncidentPage(incidents: incidents, cursor: next, missing: missing)
    }
}

extension IncidentResource {
    fileprivate var newestClip: ClipResource? { clips.max { ($0.start, $0.id) < ($1.start, $1.id) } }
}
