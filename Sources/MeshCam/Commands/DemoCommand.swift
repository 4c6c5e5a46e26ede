import ArgumentParser
import Foundation

/// `meshcam demo`: real nodes on this machine, one mesh.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Run several camera nodes on this machine, as one mesh.",
        discussion: """
            Each node is a process of its own with its own identity and directory; they find each other by mDNS, record to DIR/nas and
            trigger each other. Everything is kept in DIR, so the next start goes on where this one ended. Ctrl-C stops all of it.
            """)

    @Option(help: "How many cameras.") var cameras = 3
    @Option(help: "HTTPS port of the first dashboard; the next one gets the next port.") var webPort = 8443
    @Option(help: "Plain HTTP port of the first dashboard, on loopback only.") var httpPort = 8080
    @Option(help: "Where the demo keeps everything. Default: a directory for this user's state.") var dir: String?
    @Option(help: "Password of the user 'admin', 8 characters or more. Default: generated, and kept in DIR.") var password: String?
    @Option(help: "A directory of videos to use instead of the generated scene.") var footage: String?
    @Flag(help: "Only make DIR: each node's keys, settings and admission, as on its card. Nothing is started.") var prepare = false

    func run() async throws {
        do {
            let plan = try DemoPlan(
                cameras: cameras, webPort: webPort, httpPort: httpPort, footage: footage,
                limit: prepare ? DemoPlan.preparedLimit : DemoPlan.cameraLimit)
            if !prepare { try plan.checkPorts() }
            let root = dir.map { URL(filePath: $0).standardizedFileURL.path } ?? HostFacts.current.stateDirectory + "-demo"
            let directory = try DemoDirectory(root)
            let password = try DemoMesh(directory).provision(plan, password: password)
            if prepare { return }
            let status = try await Demo(plan: plan, directory: directory, password: password).run()
            if status != 0 { throw ExitCode(status) }
        } catch let code as ExitCode {
            throw code
        } catch {
            CommandLine.fail(error)
        }
    }
}
