import ArgumentParser

/// The program. Every subcommand is a file under `Commands/`.
@main
struct MeshCam: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meshcam",
        abstract: "One security camera system out of many cameras, with no server and no cloud.",
        discussion: """
            'meshcam demo' starts three cameras on this machine. 'meshcam run' is one camera node. The other commands ask a running node,
            and with it the whole mesh.
            """,
        version: MeshCamVersion.current,
        subcommands: [
            RunCommand.self, DemoCommand.self, StatusCommand.self, CamerasCommand.self, ClipsCommand.self, NodesCommand.self, StorageCommand.self,
            EventsCommand.self, TriggerCommand.self, SnapshotCommand.self, ExportCommand.self, VerifyCommand.self, CodeCommand.self, PairCommand.self,
            TicketCommand.self, TicketsCommand.self, RevokeCommand.self, RecoverCommand.self, ResetCommand.self, UsersCommand.self,
            TokensCommand.self, DoctorCommand.self, BenchCommand.self,
        ])
}

/// Which MeshCam this is.
enum MeshCamVersion {
    /// Semantic version. Nodes of one major version understand each other.
    static let current = "0.1.0"
}
