import ArgumentParser

/// `meshcam bench`: the project's own measurements, to be repeated on any machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how well MeshCam does on this machine.",
        discussion: "What was measured where stands in Docs.docc/Measurements.md, with the commands. Use a release build.",
        subcommands: [CatalogueBenchCommand.self, FanoutBenchCommand.self, GossipBenchCommand.self, LiveBenchCommand.self, RecordBenchCommand.self, TriggerBenchCommand.self, WeekBenchCommand.self])
}
