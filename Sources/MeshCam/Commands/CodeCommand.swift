import ArgumentParser
import Foundation
import Gossip

/// `meshcam code`: this node's setup code.
struct CodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code", abstract: "Print this node's setup code.",
        discussion: "Type it at the dashboard of any camera of the mesh that this one is to join, or at this one's own page to found a mesh.")

    @Option(help: "The only settings file to read.") var config: String?
    @Option(help: "Directory of identity and roster.") var state: String?

    func run() async throws {
        do {
            var settings = try Settings.load(config: config).settings
            if let state { settings.node.state = URL(filePath: state).path }
            try Terminal.print(try Self.code(in: settings.node.state).printed)
        } catch {
            CommandLine.fail(error)
        }
    }

    /// The code of a node that has started at least once and belongs to no mesh.
    static func code(in state: String) throws -> SetupCode {
        if try TrustStore.load(from: state) != nil {
            throw NodeError("this node belongs to a mesh already, and its code has gone", cure: "'meshcam nodes' lists the mesh.")
        }
        guard let code = try SetupCodeKeeper.printed(in: state) else {
            throw NodeError("there is no setup code in \(state)", cure: "Start the node first ('meshcam run'), or name its state directory with --state.")
        }
        return code
    }
}
