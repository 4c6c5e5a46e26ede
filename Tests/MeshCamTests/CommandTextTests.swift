import Foundation
import Gossip
import Testing

@testable import MeshCam

@Suite struct CommandTextTests {
    private let wording = Samples.wording()

    @Test func cameras() {
        var drive = Samples.camera("c2bbbbbbbb", name: "drive")
        drive.recording = true
        drive.motion = true
        drive.fps = 14.985
        var garden = Samples.camera("c3cccccccc", name: "garden")
        garden.online = false
        garden.state = .offline
        garden.lastSeen = Samples.noon.addingTimeInterval(-720)
        var attic = Samples.camera("c4dddddddd", name: "attic")
        attic.state = .failed
        (attic.width, attic.height) = (nil, nil)
        attic.problem = ProblemNote(message: "cannot open /dev/video0", cure: "plug the camera in")
        #expect(
            CamerasCommand.text([Samples.camera(), drive, garden, attic], wording) == """
                NAME    NODE       STATE                          PICTURE                    GROUPS  ID
                porch   pi-porch   running                        1920×1080 at 30, H.264     home    c1aaaaaa
                drive   pi-drive   running, recording, motion     1920×1080 at 14.99, H.264  home    c2bbbbbb
                garden  pi-garden  offline, last seen 12 min ago  1920×1080 at 30, H.264     home    c3cccccc
                attic   pi-attic   failed                         no picture yet             home    c4dddddd

                ! attic: cannot open /dev/video0; plug the camera in
                """)
        #expect(CamerasCommand.text([], wording).hasPrefix("No camera yet."))
    }

    @Test func clips() {
        var second = Samples.clip("k2", camera: "drive")
        second.event = "e2cccccccc"
        second.kind = .manual
        second.label = "bell"
        second.state = .recording
        second.holders = []
        second.durationSeconds = 4.25
        second.protected = true
        var third = Samples.clip("k3", camera: "attic")
        third.state = .spooled
        third.holders = ["attic"]
        let page = ClipPage(
            clips: [second, Samples.clip(), third], cursor: "abc", missing: [MissingNode(node: "n9", name: "garage", reason: "no answer for 4 s")])
        #expect(
            ClipsCommand.text(page, wording) == """
                START (GMT)          CAMERA  LENGTH  KIND              SIZE  STATE                               EVENT
                2026-11-20 11:58:30  drive    4.3 s  manual: bell  14.3 MiB  recording, protected                e2cccccc
                2026-11-20 11:58:30  porch   30.0 s  motion        14.3 MiB  stored on NAS1 and garage           e1bbbbbb
                2026-11-20 11:58:30  attic   30.0 s  motion        14.3 MiB  not stored yet, in memory on attic  e1bbbbbb

                Older ones: --cursor abc

                ! garage is missing: no answer for 4 s
                """)
        #expect(ClipsCommand.text(ClipPage(clips: [], cursor: nil, missing: []), wording) == "No recordings.")
        #expect(
            ClipsCommand.text(ClipPage(clips: [], cursor: nil, missing: page.missing), wording)
                == "No recordings on the nodes that answered.\n\n! garage is missing: no answer for 4 s")
    }

    @Test func nodes() {
        var garage = Samples.node("n2bbbbbbbb", name: "garage")
        garage.online = false
        garage.status = .dead
        garage.lastSeen = Samples.noon.addingTimeInterval(-3900)
        (garage.uptimeSeconds, garage.clockOffsetSeconds, garage.version, garage.url) = (nil, nil, nil, nil)
        garage.missing = "no answer for 4 s"
        #expect(
            NodesCommand.text([Samples.node(isSelf: true), garage], wording) == """
                NAME               STATE                          UP          CLOCK  CAMERAS  VERSION  DASHBOARD              ID
                porch (answering)  online                  2 h 5 min  +2 ms ± 10 ms        1  0.1.0    https://10.0.0.7:8443  n1aaaaaa
                garage             gone, last seen 1 h 5 min ago    unknown   not measured        1  unknown  10.0.0.7               n2bbbbbb

                ! garage is missing: no answer for 4 s
                """.replacingOccurrences(
                    of: "STATE                          UP", with: "STATE                                 UP"
                ).replacingOccurrences(of: "online                  2 h", with: "online                         2 h"))
    }

    @Test func usersAndTokens() throws {
        var (ann, ben) = (UsersConfig.User(), UsersConfig.User())
        (ann.name, ann.role) = ("ann", "admin")
        (ben.name, ben.role, ben.cameras) = ("ben", "viewer", [Samples.camera().id, "gone"])
        let users = try [ben, ann].map { try #require(UserResource($0)) }
        #expect(
            UsersCommand.text(users, [Samples.camera()]) == """
                NAME  ROLE    CAMERAS
                ann   admin   all
                ben   viewer  porch, gone
                """)
        var token = TokensConfig.Token()
        (token.id, token.name, token.role, token.madeBy) = ("0011223344556677", "wall\u{1B}[2J", "viewer", "ann")
        token.expiresUnix = Int64(Samples.noon.timeIntervalSince1970)
        #expect(
            TokensCommand.text([try #require(TokenResource(token))], [], wording) == """
                NAME      ROLE    FOR  CAMERAS  ENDS                 MADE BY  ID
                wall\u{FFFD}[2J  viewer  api  all      2026-11-20 12:00:00  ann      0011223344556677
                """)
    }

    @Test func statusIsWellOnlyWhenAllWasSeenToBe() {
        let nodes = [Samples.node(isSelf: true)]
        #expect(
            StatusCommand.text(nodes: nodes, cameras: [Samples.camera()], wording) == """
                MeshCam · via porch · all well
                  nodes    1 of 1 online
                  cameras  1 of 1 running
                """)
        var untimed = nodes
        untimed[0].clockOffsetSeconds = nil
        #expect(StatusCommand.text(nodes: untimed, cameras: [Samples.camera()], wording).hasPrefix("MeshCam · via porch · all running, clocks not checked\n"))
        var starting = Samples.camera("c2", name: "drive")
        starting.state = .starting
        starting.recording = true
        var late = Samples.node("n2", name: "garage")
        (late.online, late.status, late.lastSeen) = (false, .dead, nil)
        late.problems = [ProblemNote(message: "clock uncertain by 3 s", cure: "")]
        #expect(
            StatusCommand.text(nodes: nodes + [late], cameras: [Samples.camera(), starting], wording) == """
                MeshCam · via porch · 2 problems
                  nodes    1 of 2 online
                  cameras  1 of 2 running, recording: drive

                ! garage: gone; Check its power and network.
                ! drive is starting, recording
                """)
        #expect(StatusCommand.text(nodes: nodes, cameras: [], wording).contains("1 problem\n"))
    }

    @Test func oneFaultIsOneLine() {
        let nas = ProblemNote(message: "cannot write /mnt/nas: not there", cure: "Mount it.")
        let broken = ProblemNote(message: "cannot open /dev/video0", cure: "Plug the camera in.")
        var (porch, garage, drive) = (Samples.node("n1", isSelf: true), Samples.node("n2", name: "garage"), Samples.node("n3", name: "drive"))
        (porch.problems, garage.problems) = ([nas], [nas, broken])
        (drive.online, drive.status, drive.lastSeen, drive.missing) = (false, .dead, Samples.noon.addingTimeInterval(-9), "it does not answer")
        drive.problems = [ProblemNote(message: "drive does not answer", cure: "Check its power and network.")]
        var (second, third) = (Samples.camera("n2", name: "garage"), Samples.camera("n3", name: "drive"))
        (second.node, second.state, second.problem) = ("n2", .failed, broken)
        (third.node, third.online, third.state, third.problem) = ("n3", false, .offline, drive.problems.first)
        #expect(
            StatusCommand.text(nodes: [porch, garage, drive], cameras: [Samples.camera(), second, third], wording) == """
                MeshCam · via porch · 3 problems
                  nodes    2 of 3 online
                  cameras  1 of 3 running

                ! drive: gone, last seen 9 s ago; Check its power and network.
                ! porch, garage: cannot write /mnt/nas: not there; Mount it.
                ! garage: cannot open /dev/video0; Plug the camera in.
                """)
    }

    @Test func incidents() {
        let incident = IncidentResource(
            event: "e1bbbbbbbb", kind: .motion, label: nil, start: Samples.noon, end: Samples.noon.addingTimeInterval(61), triggered: Samples.noon,
            origin: "c1aaaaaaaa", recording: false, clips: [Samples.clip(), Samples.clip("k2", camera: "drive")])
        #expect(
            EventsCommand.text(IncidentPage(incidents: [incident], cursor: nil, missing: []), wording) == """
                TIME (GMT)           KIND    FIRST SEEN BY    LENGTH  ANGLES        EVENT
                2026-11-20 12:00:00  motion  porch          1:01 min  porch, drive  e1bbbbbb
                """)
        #expect(EventsCommand.text(IncidentPage(incidents: [], cursor: nil, missing: []), wording) == "No events.")
    }

    private func event(_ name: String, _ value: some Encodable) throws -> ServerSentEvent {
        ServerSentEvent(name: name, data: String(decoding: try JSONCoding.encoder.encode(value), as: UTF8.self), id: "7")
    }

    @Test func followedEventsSayWhatChangedOnce() async throws {
        let printer = EventPrinter(names: ["c1aaaaaaaa": "porch"], json: false)
        let notice = EventNotice(event: "e1", camera: "c1aaaaaaaa", kind: .motion, label: nil, at: Samples.noon)
        #expect(try await printer.line(event("event", notice), wording) == "12:00:00  motion at porch  (event e1)")
        var camera = Samples.camera()
        #expect(try await printer.line(event("camera", camera), wording) == "12:00:00  camera porch: running")
        camera.motionLevel = 0.5
        #expect(try await printer.line(event("camera", camera), wording) == nil, "nothing a reader would see changed")
        camera.motion = true
        #expect(try await printer.line(event("camera", camera), wording) == "12:00:00  camera porch: running, motion")
        #expect(try await printer.line(event("clip", Samples.clip()), wording) == "12:00:00  clip of porch: stored on NAS1 and garage, 30.0 s")
        #expect(try await printer.line(event("node", Samples.node()), wording) == "12:00:00  node porch: online")
        #expect(try await printer.line(ServerSentEvent(name: "resync", data: "{}", id: nil), wording)?.contains("missed") == true)
        #expect(try await printer.line(ServerSentEvent(name: "clip", data: "nonsense", id: nil), wording) == nil)
        #expect(try await printer.line(ServerSentEvent(name: "newer", data: "{}", id: nil), wording) == nil)
    }

    @Test func followedEventsAsJSONAreOneObjectALine() async throws {
        let printer = EventPrinter(names: [:], json: true)
        let event = ServerSentEvent(name: "event", data: #"{"b":1,"a":[true]}"#, id: "9")
        #expect(try await printer.line(event, wording) == #"{"data":{"a":[true],"b":1},"event":"event","id":"9"}"#)
        #expect(try await printer.line(ServerSentEvent(name: "x", data: "no json", id: nil), wording) == #"{"data":"no json","event":"x","id":null}"#)
    }

    @Test func snapshotFilesHaveHarmlessNames() {
        #expect(SnapshotCommand.fileName("porch", wording) == "porch-2026-11-20T12-00-00.jpg")
        #expect(SnapshotCommand.fileName("../../etc/p w", wording) == "_.._etc_p_w-2026-11-20T12-00-00.jpg")
        #expect(SnapshotCommand.fileName("-...", wording) == "camera-2026-11-20T12-00-00.jpg")
        #expect(SnapshotCommand.fileName("玄関", wording) == "玄関-2026-11-20T12-00-00.jpg")
    }
}

@Suite struct CameraSelectorTests {
    private let cameras = [
        Samples.camera("abc123", name: "porch"), Samples.camera("abd456", name: "Porch"), Samples.camera("fff000", name: "drive"),
        Samples.camera("fff111", name: "abc"), Samples.camera("eee222", name: "twin"), Samples.camera("eee333", name: "twin"),
    ]

    @Test(arguments: [
        ("abc123", "abc123"), ("porch", "abc123"), ("Porch", "abd456"), ("abd", "abd456"), ("ABD", "abd456"), ("DRIVE", "fff000"),
        ("abc", "fff111"), ("eee3", "eee333"),
    ])
    func finds(_ text: String, _ id: String) throws {
        #expect(try CameraSelector.camera(text, among: cameras).id == id)
    }

    @Test func saysWhatThereIsToChooseFrom() {
        func refusal(_ text: String, _ cameras: [CameraResource]) -> String? {
            do throws(APIError) {
                _ = try CameraSelector.camera(text, among: cameras)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refusal("twin", cameras) == "2 cameras are called \"twin\"; name one by its id: eee222 (twin on pi-twin), eee333 (twin on pi-twin)")
        #expect(refusal("dirve", cameras) == "no camera is called \"dirve\"; did you mean drive?")
        #expect(refusal("zzzzz", cameras) == "no camera is called \"zzzzz\"; there are: porch, Porch, drive, abc, twin, twin")
        #expect(refusal("", cameras)?.hasPrefix("no camera is called \"\"; there are: ") == true)
        #expect(refusal("x", [])?.hasPrefix("the mesh has no camera yet; ") == true)
    }
}
