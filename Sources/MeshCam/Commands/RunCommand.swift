import ArgumentParser
import Foundation
import Logging

/// `meshcam run`: this node, in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run this node, in the foreground.",
        discussion: "Stops on SIGTERM or Ctrl-C: the open recording is closed, then the node leaves the mesh.\n\n\(Settings.describe())")

    @Option(help: "The only settings file to read.") var config: String?
    @Option(help: "Directory of identity and roster.") var state: String?
    @Flag(help: .hidden) var stopWithInput = false

    func run() async throws {
        do {
            var settings = try Settings.load(config: config).settings
            if let state { settings.node.state = URL(filePath: state).path }
            let logger = NodeLog.bootstrap(name: settings.node.name, level: settings.node.logLevel)
            if stopWithInput { ParentWatch.stopWhenInputEnds() }
            try await NodeLife.lead(settings, logger: logger)
        } catch {
            CommandLine.fail(error)
        }
    }
}

extension CommandLine {
    /// Says what failed in one line and ends with exit code 1.
    static func fail(_ error: any Error) -> Never {
        FileHandle.standardError.write(Data("meshcam: \(error)\n".utf8))
        exit(1)
    }
}
