import Foundation

/// Makes incidents out of clips: clips that share an event, directly or through a third clip, are angles of one happening.
///
/// Pure. Clips come in newest first; incidents come out in the order of their newest clip.
enum IncidentGrouping {
    static func incidents(_ clips: [ClipResource]) -> [IncidentResource] {
        var parent: [String: String] = [:]
        func root(_ event: String) -> String {
            var event = event
            while let next = parent[event], next != event { event = next }
            return event
        }
        for clip in clips {
            for event in clip.events {
                if parent[event] == nil { parent[event] = event }
                let (a, b) = (root(clip.event), root(event))
                // The id that sorts first names the whole, as the cameras themselves agree.
                if a != b { parent[max(a, b)] = min(a, b) }
            }
        }
        var groups: [String: [ClipResource]] = [:]
        var order: [String] = []
        for clip in clips {
            let event = root(clip.event)
            if groups[event] == nil { order.append(event) }
            groups[event, default: []].append(clip)
        }
        return order.compactMap { event in groups[event].flatMap { incident(event, $0) } }
    }

    private static func incident(_ event: String, _ clips: [ClipResource]) -> IncidentResource? {
        // The first to be triggered saw it first, unless a clip says who did.
        guard let first = clips.min(by: { ($0.triggered, $0.id) < ($1.triggered, $1.id) }),
            let start = clips.map(\.start).min(), let end = clips.map(\.end).max()
        else { return nil }
        let origin = first.origin ?? clips.lazy.compactMap(\.origin).first ?? first.camera
        let angles = clips.sorted {
            ($0.camera == origin ? 0 : 1, $0.cameraName, $0.start, $0.id) < ($1.camera == origin ? 0 : 1, $1.cameraName, $1.start, $1.id)
        }
        return IncidentResource(
            event: event, kind: first.kind, label: clips.lazy.compactMap(\.label).first, start: start, end: end, triggered: first.triggered,
            origin: origin, recording: clips.contains { $0.state == .recording }, clips: angles)
    }
}
