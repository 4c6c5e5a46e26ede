import Foundation
import Testing

@testable import MeshCam

/// The JSON other programs rely on, byte for byte.
@Suite struct ModelCodingTests {
    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONCoding.encoder.encode(value), as: UTF8.self)
    }

    @Test func camera() throws {
        var camera = Samples.camera()
        camera.problem = ProblemNote(message: "m", cure: "c")
        #expect(
            try json(camera) == """
                {"codec":"h264","fps":30,"groups":["home"],"height":1080,"id":"c1aaaaaaaa","lastSeen":"2026-11-20T12:00:00.000Z",\
                "motion":false,"motionLevel":0,"name":"porch","night":false,"node":"n1","nodeName":"pi-porch","online":true,\
                "problem":{"cure":"c","message":"m"},"recording":false,"state":"running","width":1920}
                """)
        #expect(try JSONCoding.decoder.decode(CameraResource.self, from: JSONCoding.encoder.encode(camera)) == camera)
    }

    @Test func clipPageSaysThatItIsTheLastByNull() throws {
        let page = ClipPage(clips: [Samples.clip()], cursor: nil, missing: [MissingNode(node: "n2", name: "garage", reason: "no answer")])
        #expect(
            try json(page) == """
                {"clips":[{"bytes":15000000,"camera":"c1aaaaaaaa","cameraName":"porch","codec":"h264","durationSeconds":30,\
                "end":"2026-11-20T11:59:00.000Z","event":"e1bbbbbbbb","events":["e1bbbbbbbb"],"height":1080,\
                "holders":["NAS1","garage"],"id":"k1","kind":"motion",\
                "node":"n1","protected":false,"signature":"c2ln","start":"2026-11-20T11:58:30.000Z","state":"stored",\
                "triggered":"2026-11-20T11:58:40.000Z","width":1920}],"cursor":null,\
                "missing":[{"name":"garage","node":"n2","reason":"no answer"}]}
                """)
        #expect(try JSONCoding.decoder.decode(ClipPage.self, from: JSONCoding.encoder.encode(page)) == page)
        #expect(try json(IncidentPage(incidents: [], cursor: nil, missing: [])) == #"{"cursor":null,"incidents":[],"missing":[]}"#)
        #expect(try json(ClipPage(clips: [], cursor: "x/y", missing: [])) == #"{"clips":[],"cursor":"x/y","missing":[]}"#)
    }

    @Test func nodeCallsItselfSelf() throws {
        let node = Samples.node(isSelf: true)
        #expect(
            try json(node) == """
                {"addresses":["10.0.0.7"],"cameras":["c1aaaaaaaa"],"clockOffsetSeconds":0.002,"clockUncertaintySeconds":0.01,\
                "coordinator":false,"id":"n1aaaaaaaa","lastSeen":"2026-11-20T12:00:00.000Z","name":"porch","online":true,"problems":[],\
                "self":true,"status":"alive","uptimeSeconds":7500,"url":"https://10.0.0.7:8443","version":"0.1.0"}
                """)
        #expect(try JSONCoding.decoder.decode(NodeResource.self, from: JSONCoding.encoder.encode(node)) == node)
    }

    @Test func incidentHasNoKeyOfItsOwnBesideTheEvent() throws {
        let incident = IncidentResource(
            event: "e1", kind: .manual, label: "bell", start: Samples.noon, end: Samples.noon, triggered: Samples.noon, origin: "c1",
            recording: true, clips: [])
        #expect(
            try json(incident) == """
                {"clips":[],"end":"2026-11-20T12:00:00.000Z","event":"e1","kind":"manual","label":"bell","origin":"c1","recording":true,\
                "start":"2026-11-20T12:00:00.000Z","triggered":"2026-11-20T12:00:00.000Z"}
                """)
    }

    @Test func wordsOfANewerNodeAreKept() throws {
        let text = try json(Samples.clip()).replacingOccurrences(of: #""stored""#, with: #""frozen","colour":"blue""#)
        let clip = try JSONCoding.decoder.decode(ClipResource.self, from: Data(text.utf8))
        #expect(clip.state == ClipState(rawValue: "frozen"))
        #expect(try json(clip).contains(#""state":"frozen""#))
    }

    @Test func triggerKindMayBeLeftOut() throws {
        let request = try JSONCoding.decoder.decode(TriggerRequest.self, from: Data(#"{"label":"bell"}"#.utf8))
        #expect(request == TriggerRequest(kind: .manual, label: "bell"))
        #expect(try JSONCoding.decoder.decode(TriggerRequest.self, from: Data("{}".utf8)) == TriggerRequest())
    }

    @Test func problemOfAStranger() throws {
        let problem = try JSONCoding.decoder.decode(ProblemDetails.self, from: Data(#"{"title":"Not Found"}"#.utf8))
        #expect(problem == ProblemDetails(title: "Not Found", status: 0))
        #expect(
            try json(ProblemDetails(type: "/problems/x", title: "t", status: 404, detail: "d", cure: "c"))
                == #"{"cure":"c","detail":"d","status":404,"title":"t","type":"/problems/x"}"#)
    }

    @Test func badTimesAreRefused() {
        let text = #"{"user":{"name":"a","role":"admin"},"node":{"id":"1","name":"n"},"expires":"tomorrow"}"#
        #expect(throws: DecodingError.self) { try JSONCoding.decoder.decode(SessionResource.self, from: Data(text.utf8)) }
    }

    @Test func passwordsStayOutOfDescriptions() {
        let request = SessionRequest(username: "admin", password: "hunter2")
        #expect(!"\(request)".contains("hunter2") && !String(reflecting: request).contains("hunter2"))
        let credential = APIEndpoint.Credential.password(user: "admin", password: "hunter2")
        #expect(!"\(credential)".contains("hunter2") && "\(credential)".contains("admin"))
    }

    @Test func anyJSONIsPrintedAgainWhole() throws {
        let text = #"{"b":[1,2.5,-3,true,null,"x/y"],"a":{"n":18446744073709551615},"z":9007199254740993}"#
        let value = try JSONCoding.decoder.decode(JSONText.self, from: Data(text.utf8))
        #expect(try value.compact() == #"{"a":{"n":1.8446744073709552e+19},"b":[1,2.5,-3,true,null,"x/y"],"z":9007199254740993}"#)
        #expect(try value.pretty().hasPrefix("{\n  \"a\" : {"))
    }
}
