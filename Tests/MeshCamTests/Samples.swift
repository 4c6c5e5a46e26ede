import Foundation

@testable import MeshCam

/// Resources as a small mesh would report them, to be changed by each test where it matters.
enum Samples {
    static let noon = Date(timeIntervalSince1970: 1_795_176_000)  // 2026-11-20T12:00:00Z

    static func wording(zone: String = "UTC", now: Date = noon) -> Wording {
        Wording(zone: TimeZone(identifier: zone) ?? .gmt, now: now)
    }

    static func camera(_ id: String = "c1aaaaaaaa", name: String = "porch") -> CameraResource {
        CameraResource(
            id: id, name: name, node: "n1", nodeName: "pi-\(name)", groups: ["home"], online: true, lastSeen: noon, recording: false,
            width: 1920, height: 1080, fps: 30, codec: "h264", motion: false, motionLevel: 0, night: false, state: .running, problem: nil)
    }

    static func clip(_ id: String = "k1", camera: String = "porch") -> ClipResource {
        ClipResource(
            id: id, camera: "c1aaaaaaaa", cameraName: camera, node: "n1", event: "e1bbbbbbbb", events: ["e1bbbbbbbb"], origin: nil, kind: .motion, label: nil,
            start: noon.addingTimeInterval(-90), end: noon.addingTimeInterval(-60), triggered: noon.addingTimeInterval(-80),
            durationSeconds: 30, bytes: 15_000_000, codec: "h264", width: 1920, height: 1080, state: .stored,
            holders: ["NAS1", "garage"], protected: false, signature: "c2ln")
    }

    static func node(_ id: String = "n1aaaaaaaa", name: String = "porch", isSelf: Bool = false) -> NodeResource {
        NodeResource(
            id: id, name: name, isSelf: isSelf, online: true, status: .alive, version: "0.1.0", lastSeen: noon, addresses: ["10.0.0.7"],
            url: "https://10.0.0.7:8443", httpUrl: nil, uptimeSeconds: 7500, clockOffsetSeconds: 0.002, clockUncertaintySeconds: 0.01,
            coordinator: false, cameras: ["c1aaaaaaaa"], problems: [], missing: nil)
    }
}
