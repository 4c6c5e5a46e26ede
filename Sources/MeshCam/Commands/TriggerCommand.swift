import ArgumentParser

/// `meshcam trigger CAMERA`: make a camera and its groups record now.
struct TriggerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Make a camera and everybody in its groups record now.")

    @Argument(help: "The camera: its name, id, or the beginning of its id.")
    var camera: String

    @Option(help: ArgumentHelp("What kind of event it is.", valueName: "kind"))
    var kind = "manual"

    @Option(help: ArgumentHelp("A word of your own, shown beside the event.", valueName: "text"))
    var label: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let label, !SettingsText.isLabel(label) {
            throw ValidationError("--label: must be at most 64 printable characters")
        }
        if !SettingsText.isName(kind) { throw ValidationError("--kind: must be a word such as manual") }
    }

    func run() async throws {
        let (name, json) = (camera, client.json)
        let request = TriggerRequest(kind: EventKind(rawValue: kind), label: label)
        try await client.withClient { api in
            let camera = try CameraSelector.camera(name, among: try await api.get("/cameras"))
            let path = "/cameras/\(APIClient.percentEncoded(camera.id))/trigger"
            let answer = try await api.post(path, request)
            if json { return try Terminal.print(try JSONText(answer, path).pretty()) }
            let accepted = try APIClient.decode(TriggerAccepted.self, from: answer, path)
            try Terminal.print(Terminal.printable("\(camera.name) and its groups record: event \(accepted.event)"))
        }
    }
}
