import ArgumentParser
import Foundation
import Storage

/// Which recordings a command is about: shared by those that are about some.
struct ClipSelection: ParsableArguments {
    @Option(help: ArgumentHelp("Only of this camera: its name, id, or the beginning of its id.", valueName: "camera"))
    var camera: String?

    @Option(
        help: ArgumentHelp(
            "Only what ends after this: a local time such as \"2026-11-20 18:30\", RFC 3339, or an age such as 2h.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Only what begins before this; as --from.", valueName: "time"))
    var to: String?

    var isEmpty: Bool { camera == nil && from == nil && to == nil }

    func validate() throws {
        for (name, text) in [("--from", from), ("--to", to)] {
            if let text, TimeArgument.parse(text, .current) == nil {
                throw ValidationError("\(name) \(text): write \"2026-11-20 18:30\", 2026-11-20T18:30:00Z, or an age such as 30min, 2h, 3d")
            }
        }
    }

    /// The camera's id, asked of the node, and the span.
    func resolved(_ api: APIClient, _ wording: Wording) async throws -> (camera: String?, from: Date?, to: Date?) {
        var id: String?
        if let camera { id = try CameraSelector.camera(camera, among: try await api.get("/cameras")).id }
        return (id, from.flatMap { TimeArgument.parse($0, wording) }, to.flatMap { TimeArgument.parse($0, wording) })
    }
}
