import ArgumentParser

/// `meshcam bench`: the project's own measurements, to be repeated on any machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how well MeshCam does on this machine.", subcommands: [TriggerBenchCommand.self])
}
