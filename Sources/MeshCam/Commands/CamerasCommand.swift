import ArgumentParser

/// `meshcam cameras`: every camera of the mesh.
struct CamerasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cameras", abstract: "List every camera of the mesh.")

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let json = client.json
        try await client.withClient { api in
            let answer = try await api.get("/cameras")
            if json { return try Terminal.print(try JSONText(answer, "/cameras").pretty()) }
            let cameras = try APIClient.decode([CameraResource].self, from: answer, "/cameras")
            try Terminal.print(Self.text(cameras, .current))
        }
    }

    /// The list for people.
    static func text(_ cameras: [CameraResource], _ wording: Wording) -> String {
        guard !cameras.isEmpty else { return "No camera yet. Plug one in, or see `meshcam doctor` on its node." }
        var table = TextTable(("NAME", .left), ("NODE", .left), ("STATE", .left), ("PICTURE", .left), ("GROUPS", .left), ("ID", .left))
        let ids = Wording.shortened(cameras.map(\.id))
        for camera in cameras {
            table.add([
                camera.name, camera.nodeName, state(camera, wording), picture(camera), camera.groups.joined(separator: ", "),
                ids[camera.id] ?? camera.id,
            ])
        }
        let remarks = cameras.compactMap { camera in camera.problem.map { "\(camera.name): \(ProblemText.line($0))" } }
        return ([table.render()] + ProblemText.block(remarks)).joined(separator: "\n")
    }

    /// `running, recording, motion`, `offline, last seen 12 min ago`.
    static func state(_ camera: CameraResource, _ wording: Wording) -> String {
        if !camera.online || camera.state == .offline {
            return camera.lastSeen == nil ? "offline, never seen" : "offline, last seen \(wording.age(camera.lastSeen))"
        }
        var words = [camera.state == .none ? "no camera" : camera.state.rawValue]
        if camera.recording { words.append("recording") }
        if camera.motion { words.append("motion") }
        if camera.night { words.append("night") }
        return words.joined(separator: ", ")
    }

    /// `1920×1080 at 30, H.264`.
    static func picture(_ camera: CameraResource) -> String {
        guard let width = camera.width, let height = camera.height else { return "no picture yet" }
        let rate = camera.fps.map { " at \($0 == $0.rounded() && abs($0) < 1e6 ? "\(Int($0))" : "\(($0 * 100).rounded() / 100)")" } ?? ""
        return "\(width)×\(height)\(rate)" + (camera.codec.map { ", \(Wording.codec($0))" } ?? "")
    }
}

/// Problems and gaps below a list.
enum ProblemText {
    /// `cannot open /dev/video0; plug the camera in`.
    static func line(_ problem: ProblemNote) -> String {
        problem.cure.isEmpty ? problem.message : "\(problem.message); \(problem.cure)"
    }

    /// `garage is missing: no answer for 4 s`.
    static func missing(_ node: MissingNode) -> String { "\(node.name) is missing: \(node.reason)" }

    /// Lines set off from the list above them; nothing where there are none.
    static func block(_ remarks: [String]) -> [String] {
        remarks.isEmpty ? [] : [""] + remarks.map { "! " + Terminal.printable($0) }
    }
}
