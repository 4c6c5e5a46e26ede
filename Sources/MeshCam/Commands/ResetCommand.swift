import ArgumentParser
import Foundation
import Gossip

/// `meshcam reset`: this node becomes a new one that belongs to no mesh.
struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Make this node a new one that belongs to no mesh. Its footage stays.",
        discussion: """
            For a node that was revoked, or that is to come to another mesh: it gets another identity and another setup code at its next start. \
            Stop it first. Its former mesh goes on listing it until it is revoked there.
            """)

    @Option(help: "The only settings file to read.") var config: String?
    @Option(help: "Directory of identity and roster.") var state: String?
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        do {
            var settings = try Settings.load(config: config).settings
            if let state { settings.node.state = URL(filePath: state).path }
            if let running = try LocalAccessDirectory().list().first(where: { $0.port == settings.network.webPort }) {
                throw NodeError("\(running.access.name) runs (process \(running.access.pid))", cure: "Stop it first.")
            }
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else { throw NodeError("nobody is there to ask", cure: "Say --yes.") }
                Terminal.remark("This node gets a new identity and leaves its mesh for ever. Its footage stays. Go on? [y/N]")
                guard readLine()?.lowercased().hasPrefix("y") == true else { throw NodeError("nothing was changed", cure: "") }
            }
            let removed = try Self.reset(settings.node.state)
            try Terminal.print(
                removed.isEmpty
                    ? "there was nothing to reset in \(settings.node.state)"
                    : "this node belongs to no mesh any more; at its next start it is a new one, with a new setup code ('meshcam code')")
        } catch {
            CommandLine.fail(error)
        }
    }

    /// What makes a node the one it is. The identity goes last: what is left after a power cut is a node without a mesh.
    static let files = AuditLog.files + ["mesh", "peers", "sessions", "setup", "setup-code.txt", "identity"]

    /// Answers which files there were.
    ///
    /// - Throws: ``NodeError`` when one cannot be removed.
    static func reset(_ directory: String, files: [String] = Self.files) throws -> [String] {
        try files.filter { name in
            let path = "\(directory)/\(name)"
            if unlink(path) == 0 { return true }
            guard errno == ENOENT || errno == ENOTDIR else {
                throw NodeError("cannot remove \(path): \(String(cString: strerror(errno)))", cure: "Run this as the user whom the node runs as.")
            }
            return false
        }
    }
}
