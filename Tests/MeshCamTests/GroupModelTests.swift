import Foundation
import Gossip
import Testing

@testable import MeshCam

@Suite struct GroupModelTests {
    private let known: Set<String> = ["a", "b", "c"]

    private func read(_ json: String) throws -> [CameraGroup] {
        try GroupResource.groups(JSONCoding.decoder.decode([GroupResource].self, from: Data(json.utf8)), known: known)
    }

    @Test func whatMakesSenseIsTaken() throws {
        let groups = try read(#"[{"name":"yard","cameras":["b","a"],"triggers":["a"],"recorders":["b"],"coolDownSeconds":60},{"name":"home","cameras":["a","*"]}]"#)
        #expect(groups == [
            CameraGroup(name: "yard", cameras: ["a", "b"], policy: GroupPolicy(triggers: ["a"], recorders: ["b"], coolDown: .seconds(60))),
            CameraGroup(name: "home", cameras: ["*"]),
        ])
        // What is shown can be sent back.
        #expect(try GroupResource.groups(groups.map { GroupResource($0) }, known: known) == groups)
        #expect(try read("[]").isEmpty)
    }

    @Test(arguments: [
        #"[{"name":"","cameras":[]}]"#, #"[{"name":"x","cameras":["z"]}]"#, #"[{"name":"x","cameras":["a"],"triggers":["b"]}]"#,
        #"[{"name":"x","cameras":["*"],"recorders":["z"]}]"#, #"[{"name":"x","cameras":[],"coolDownSeconds":86401}]"#,
        #"[{"name":"x","cameras":[],"coolDownSeconds":-1}]"#, #"[{"name":"x","cameras":[]},{"name":"x","cameras":[]}]"#,
    ])
    func whatDoesNotIsRefused(json: String) {
        #expect(throws: GroupProblem.self) { try read(json) }
    }
}
