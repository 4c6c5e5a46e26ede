import Foundation
import Gossip
import HTTPTypes
import Testing

@testable import MeshCam

@Suite struct RightsTests {
    private let viewer = Rights(role: .viewer, cameras: ["c1"])

    @Test func anEmptyListIsAllCamerasAndAnAdminsMeansNothing() {
        #expect(viewer.sees(camera: "c1") && !viewer.sees(camera: "c2"))
        #expect(Rights(role: .viewer).sees(camera: "c2"))
        #expect(Rights(role: .admin, cameras: ["c1"]).sees(camera: "c2"))
        #expect(!Rights.nothing.sees(camera: "c1") && !Rights.nothing.allow(.get, "/api/mesh/v1/cameras"))
    }

    @Test func whatIsNotListedIsForAdmins() {
        for rights in [viewer, Rights(role: .viewer)] {
            #expect(rights.allow(.get, "/api/mesh/v1/cameras/{id}/snapshot.jpg"))
            #expect(rights.allow(.head, "/api/mesh/v1/clips/{id}/video.mp4"))
            #expect(!rights.allow(.post, "/api/mesh/v1/cameras/{id}/trigger"))
            #expect(!rights.allow(.get, "/api/mesh/v1/something-new"))
            #expect(!rights.allow(.get, "/cameras") && !rights.allow(.get, nil))
        }
        #expect(Rights(role: .admin).allow(.get, "/api/mesh/v1/something-new"))
    }

    @Test func aTokenForFiguresOpensNothingElse() {
        for role in [Caller.Role.viewer, .admin] {
            let rights = Rights(role: role, scopes: [.metrics])
            #expect(!rights.allow(.get, "/api/mesh/v1/cameras") && !rights.mayAdminister && !rights.sees(camera: "c1"))
        }
    }

    @Test func resourcesAreCut() {
        var clip = Samples.clip()
        (clip.camera, clip.node, clip.origin) = ("c1", "c1", "c2")
        #expect(viewer.cut(clip)?.origin == nil)
        #expect(Rights(role: .viewer).cut(clip) == clip)
        clip.node = "c2"
        #expect(viewer.cut(clip) == nil, "by its id it would not be found")
        var node = Samples.node(isSelf: false)
        node.cameras = ["c1", "c2"]
        #expect(viewer.cut(nil as Set<String>?) == ["c1"] && viewer.cut(["c1", "c2"]) == ["c1"] && viewer.cut(["c2"]) == [])
        #expect(Rights(role: .admin).cut(nil as Set<String>?) == nil && Rights.nothing.cut(["c1"]) == [])
        #expect(viewer.cut(node)?.cameras == ["c1"])
        #expect(viewer.cut(node)?.addresses == [])
        #expect(Rights(role: .admin).cut(node) == node)
        node.cameras = ["c2"]
        #expect(viewer.cut(node) == nil)
        node.isSelf = true
        #expect(viewer.cut(node)?.cameras == [], "who answers is no secret")
    }

    @Test func eventsOfUnknownKindsAreForAdmins() throws {
        func event(_ name: EventStreamName, _ data: some Encodable) throws -> EventHub.Event {
            EventHub.Event(number: 1, name: name, data: try JSONCoding.encoder.encode(data), isLocal: true)
        }
        var clip = Samples.clip()
        (clip.camera, clip.node) = ("c1", "c1")
        #expect(try event(.clip, clip).cut(to: viewer) != nil)
        clip.camera = "c2"
        #expect(try event(.clip, clip).cut(to: viewer) == nil)
        let notice = EventNotice(event: "e", camera: "c2", kind: .motion, label: nil, at: Samples.noon)
        #expect(try event(.event, notice).cut(to: viewer) == nil)
        #expect(try event(EventStreamName(rawValue: "storage"), notice).cut(to: viewer) == nil)
        #expect(try event(EventStreamName(rawValue: "storage"), notice).cut(to: Rights(role: .admin)) != nil)
        #expect(try event(.resync, [String: String]()).cut(to: viewer) != nil)
    }

    // MARK: Standing

    private func user(_ name: String, _ role: Caller.Role = .viewer, generation: UInt64 = 7) -> UsersConfig.User {
        var user = UsersConfig.User()
        (user.name, user.role, user.generation) = (name, role.rawValue, generation)
        return user
    }

    @Test func aSessionIsWorthWhatItsUserIsNow() throws {
        let session = SessionBook.Session(user: "ben", role: .admin, expires: Samples.noon, generation: 7)
        #expect(try #require(Standing(session, users: [user("ben")])).rights.role == .viewer, "made a viewer since")
        #expect(Standing(session, users: []) == nil, "removed since")
        #expect(Standing(session, users: [user("ben", generation: 8)]) == nil, "another password since, or another ben")
        #expect(Standing(session, users: [user("Ben")]) == nil)
    }

    @Test func aTokenIsWorthNothingWithoutItsMaker() {
        var token = TokensConfig.Token()
        (token.name, token.role, token.madeBy) = ("wall", "viewer", "ann")
        let ann = user("ann", .admin)
        #expect(Standing(token, users: [ann], now: Samples.noon)?.rights == Rights(role: .viewer))
        #expect(Standing(token, users: [user("ann")], now: Samples.noon) == nil)
        #expect(Standing(token, users: [], now: Samples.noon) == nil)
        token.expiresUnix = Int64(Samples.noon.timeIntervalSince1970)
        #expect(Standing(token, users: [ann], now: Samples.noon) == nil)
        #expect(Standing(token, users: [ann], now: Samples.noon.addingTimeInterval(-1)) != nil)
        token.expiresUnix = .min
        #expect(Standing(token, users: [ann], now: Samples.noon) == nil)
        token.expiresUnix = 0
        token.scopes = ["something-new"]
        #expect(Standing(token, users: [ann], now: Samples.noon)?.rights.allow(.get, "/api/mesh/v1/cameras") == false)
        token.role = "king"
        #expect(Standing(token, users: [ann], now: Samples.noon) == nil)
    }
}
