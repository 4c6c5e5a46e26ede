import Foundation
import Testing

@testable import MeshCam

@Suite struct IncidentGroupingTests {
    private func clip(_ id: String, camera: String, events: [String], start: Double, triggered: Double? = nil, origin: String? = nil) -> ClipResource {
        ClipResource(
            id: id, camera: camera, cameraName: camera, node: camera, event: events[0], events: events, origin: origin, kind: .motion,
            label: nil, start: Date(timeIntervalSince1970: start), end: Date(timeIntervalSince1970: start + 20),
            triggered: Date(timeIntervalSince1970: triggered ?? start + 10), durationSeconds: 20, bytes: 1, codec: "h264", width: 1,
            height: 1, state: .stored, holders: [], protected: false, signature: nil)
    }

    @Test func anglesOfOneEventAreOneCard() {
        let incidents = IncidentGrouping.incidents([
            clip("3", camera: "garden", events: ["e2"], start: 300),
            clip("2", camera: "garage", events: ["e1"], start: 101, origin: "porch"),
            clip("1", camera: "porch", events: ["e1"], start: 100, origin: "porch"),
        ])
        #expect(incidents.map(\.event) == ["e2", "e1"])
        #expect(incidents[1].clips.map(\.camera) == ["porch", "garage"], "who saw it comes first")
        #expect(incidents[1].start.timeIntervalSince1970 == 100 && incidents[1].end.timeIntervalSince1970 == 121)
    }

    /// Porch and garage notice at once, each with an id of its own; the clips that show both tie them together.
    @Test func twoNamesForOneHappeningAreOneCard() {
        let clips = [
            clip("3", camera: "garden", events: ["b"], start: 102), clip("2", camera: "garage", events: ["a", "b"], start: 101),
            clip("1", camera: "porch", events: ["b", "a"], start: 100),
        ]
        for order in [clips, clips.reversed()] {
            let incidents = IncidentGrouping.incidents(order)
            #expect(incidents.count == 1 && incidents[0].event == "a" && incidents[0].clips.count == 3)
        }
    }
}
