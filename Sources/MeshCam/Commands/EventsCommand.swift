import ArgumentParser
import Foundation

/// `meshcam events`: what happened, and with `-f` what happens.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show the newest events; with -f, follow them as they happen.",
        discussion: "With --json and -f: one object {event, data, id} per line.")

    @Flag(name: [.customShort("f"), .long], help: "Go on until interrupted; a lost connection is made again.")
    var follow = false

    @Option(help: ArgumentHelp("At most so many past events, 1 to 1000.", valueName: "number"))
    var limit = 20

    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit \(limit): must be 1 to 1000") }
    }

    func run() async throws {
        let (limit, json, follow) = (limit, client.json, follow)
        try await client.withClient { api in
            if follow { return try await Self.follow(api, json: json) }
            let answer = try await api.get("/incidents", query: [("limit", String(limit))])
            if json { return try Terminal.print(try JSONText(answer, "/incidents").pretty()) }
            try Terminal.print(Self.text(try APIClient.decode(IncidentPage.self, from: answer, "/incidents"), .current))
        }
    }

    /// Prints events until the process is interrupted. The first connection must succeed; later ones are tried again.
    private static func follow(_ api: APIClient, json: Bool) async throws {
        let cameras: [CameraResource] = try await api.get("/cameras")
        let printer = EventPrinter(names: Dictionary(cameras.map { ($0.id, $0.name) }) { first, _ in first }, json: json)
        let longest = Duration.seconds(15)
        var wait = Duration.seconds(1)
        var hasConnected = false
        while true {
            let before = await printer.printed
            do {
                let asked = try await api.events(after: await printer.lastEventID) { try await printer.print($0) }
                hasConnected = true
                if let asked { wait = asked }
                Terminal.remark("meshcam: the node ended the stream; connecting again")
            } catch let error as APIError {
                let printed = await printer.printed
                hasConnected = hasConnected || printed > before
                guard hasConnected, error.kind == .unreachable else { throw error }
                Terminal.remark("meshcam: \(error.message); connecting again")
            }
            if await printer.printed > before { wait = .seconds(1) }
            try await Task.sleep(for: wait)
            wait = min(wait * 2, longest)
        }
    }

    /// Past events for people.
    static func text(_ page: IncidentPage, _ wording: Wording) -> String {
        var lines: [String] = []
        if page.incidents.isEmpty {
            lines.append(page.missing.isEmpty ? "No events." : "No events on the nodes that answered.")
        } else {
            var table = TextTable(
                ("TIME (\(wording.zoneName))", .left), ("KIND", .left), ("FIRST SEEN BY", .left), ("LENGTH", .right), ("ANGLES", .left),
                ("EVENT", .left))
            let events = Wording.shortened(page.incidents.map(\.event))
            for incident in page.incidents {
                let origin = incident.clips.first { $0.camera == incident.origin }?.cameraName ?? incident.origin
                table.add([
                    wording.time(incident.triggered), incident.label.map { "\(incident.kind.rawValue): \($0)" } ?? incident.kind.rawValue,
                    origin, incident.recording ? "recording" : Wording.length(incident.end.timeIntervalSince(incident.start)),
                    incident.clips.map(\.cameraName).joined(separator: ", "), events[incident.event] ?? incident.event,
                ])
            }
            lines.append(table.render())
        }
        return (lines + ProblemText.block(page.missing.map(ProblemText.missing))).joined(separator: "\n")
    }
}

/// Turns events of the stream into lines, and remembers where the stream stood.
actor EventPrinter {
    private(set) var lastEventID: String?
    private(set) var printed = 0
    private var names: [String: String]
    private let json: Bool
    /// What was last said of a camera, so that only changes are said.
    private var said: [String: String] = [:]

    init(names: [String: String], json: Bool) {
        self.names = names
        self.json = json
    }

    func print(_ event: ServerSentEvent) throws {
        lastEventID = event.id ?? lastEventID
        printed += 1
        if let line = try line(event, .current) { try Terminal.print(line) }
    }

    /// The line for an event; nil when there is nothing new to say.
    func line(_ event: ServerSentEvent, _ wording: Wording) throws -> String? {
        let data = Data(event.data.utf8)
        if json {
            let body = (try? JSONCoding.decoder.decode(JSONText.self, from: data)) ?? .text(event.data)
            let id: JSONText = event.id.map { .text($0) } ?? .null
            return try JSONText.object(["event": .text(event.name), "data": body, "id": id]).compact()
        }
        guard let (time, text) = describe(EventStreamName(rawValue: event.name), data, wording) else { return nil }
        return Terminal.printable("\(wording.timeOfDay(time))  \(text)")
    }

    private func describe(_ name: EventStreamName, _ data: Data, _ wording: Wording) -> (Date, String)? {
        let decoder = JSONCoding.decoder
        switch name {
        case .event:
            guard let notice = try? decoder.decode(EventNotice.self, from: data) else { return nil }
            let label = notice.label.map { ": \($0)" } ?? ""
            return (notice.at, "\(notice.kind.rawValue)\(label) at \(names[notice.camera] ?? notice.camera)  (event \(notice.event))")
        case .clip:
            guard let clip = try? decoder.decode(ClipResource.self, from: data) else { return nil }
            let text = "clip of \(clip.cameraName): \(ClipsCommand.state(clip))"
            guard changed("clip " + clip.id, text) else { return nil }
            return (wording.now, text + (clip.state == .recording ? "" : ", \(Wording.length(clip.durationSeconds))"))
        case .camera:
            guard let camera = try? decoder.decode(CameraResource.self, from: data) else { return nil }
            names[camera.id] = camera.name
            let text = "camera \(camera.name): \(CamerasCommand.state(camera, wording))"
            return changed("camera " + camera.id, text) ? (wording.now, text) : nil
        case .node:
            guard let node = try? decoder.decode(NodeResource.self, from: data) else { return nil }
            let text = "node \(node.name): \(NodesCommand.state(node, wording))"
            return changed("node " + node.id, text) ? (wording.now, text) : nil
        case .storage:
            guard let loss = try? decoder.decode(LossResource.self, from: data) else { return nil }
            return (wording.now, StorageCommand.words(loss, wording))
        case .resync: return (wording.now, "some events were missed; see `meshcam events`")
        default: return nil
        }
    }

    /// How many things' last words are remembered; beyond that all are forgotten, which at worst repeats a line.
    private static let mostRemembered = 4096

    private func changed(_ key: String, _ text: String) -> Bool {
        if said.count >= Self.mostRemembered { said.removeAll() }
        return said.updateValue(text, forKey: key) != text
    }
}
