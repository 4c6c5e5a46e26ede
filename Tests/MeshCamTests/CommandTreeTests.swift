import ArgumentParser
import Testing

@testable import MeshCam

/// Every command can at least say what it does: two options of one name, say, show only when a command is called.
@Suite struct CommandTreeTests {
    private static func commands(below command: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
        [path] + command.configuration.subcommands.flatMap { sub in
            commands(below: sub, path + [sub.configuration.commandName ?? "\(sub)".lowercased()])
        }
    }

    @Test(arguments: commands(below: MeshCam.self, [])) func saysWhatItDoes(path: [String]) {
        do {
            var help = try MeshCam.parseAsRoot(path + ["--help"])
            try help.run()
            Issue.record("\(path) takes --help for something else")
        } catch {
            #expect(MeshCam.exitCode(for: error) == .success, "\(MeshCam.fullMessage(for: error))")
            #expect(MeshCam.fullMessage(for: error).contains("USAGE: meshcam \(path.joined(separator: " "))"))
        }
    }
}
