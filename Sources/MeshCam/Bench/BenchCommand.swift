import ArgumentParser

/// `meshcam bench`: the project's own measurements.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure MeshCam on this machine.",
        discussion: "What was measured where stands in Docs.docc/Measurements.md, with the commands. Use a release build.",
        subcommands: [BenchGossipCommand.self])
}
