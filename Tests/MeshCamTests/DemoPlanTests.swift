import Foundation
import Testing

@testable import MeshCam

@Suite struct DemoPlanTests {
    @Test func settingsOfEveryNodeAreReadable() throws {
        let directory = try TemporaryDirectory()
        for number in 1...2 { try Data().write(to: URL(filePath: "\(directory.path)/v \"\(number)\".mp4")) }
        let plan = try DemoPlan(cameras: 10, webPort: 9000, httpPort: 9100, footage: directory.path)
        #expect(Set(plan.nodes.map(\.name)).count == 10)
        for (index, node) in plan.nodes.enumerated() {
            let file = "\(directory.path)/\(index).toml"
            try Data(node.settings(nas: "/n\\as", state: "/état \"x\"").utf8).write(to: URL(filePath: file))
            let settings = try Settings.load(config: file, environment: [:]).settings
            #expect(settings.node.name == node.name && settings.network.webPort == 9000 + index && settings.network.httpPort == 9100 + index)
            #expect(settings.camera.source == "file:\(directory.path)/v \"\(index % 2 + 1)\".mp4")
            #expect(settings.storage.directories == ["/n\\as"])
        }
    }

    @Test func moreThanOneMachineRunsMayBePrepared() throws {
        let plan = try DemoPlan(cameras: 200, webPort: 8443, httpPort: 8080, footage: nil, limit: DemoPlan.preparedLimit)
        #expect(Set(plan.nodes.map(\.name)).count == 200)
    }

    @Test(arguments: [(0, 8443, 8080), (17, 8443, 8080), (3, 0, 8080), (3, 65534, 8080), (3, 8080, 8082)])
    func whatCannotWorkIsRefused(cameras: Int, web: Int, http: Int) {
        #expect(throws: NodeError.self) { try DemoPlan(cameras: cameras, webPort: web, httpPort: http, footage: nil) }
    }
}
