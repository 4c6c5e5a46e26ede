import ArgumentParser
import Foundation
import Storage

/// `meshcam export`: recordings as one video, or as an archive that proves them.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Save recordings as one video, or as an archive that proves them.",
        discussion: """
            One video shows one camera, its recordings one behind the other; it is a copy, and no signature fits it. With --zip every recording comes as it \
            is stored, with its signed facts and the mesh's public keys: 'meshcam verify' tells what they prove, on any computer.
            """)

    @OptionGroup var selection: ClipSelection

    @Option(help: ArgumentHelp("Only of this event, as 'meshcam clips --json' and 'meshcam events' show it.", valueName: "event"))
    var event: String?

    @Flag(help: "All recordings as they are stored, with what proves them.")
    var zip = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Write here; - is the standard output. Default: a name of the node's in this directory.", valueName: "file"))
    var output: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard !selection.isEmpty || event != nil else {
            throw ValidationError("say which recordings: --camera, --event, --from or --to")
        }
        if output == "" { throw ValidationError("--output: name a file, or - for the standard output") }
    }

    func run() async throws {
        let options = self
        if output == "-", isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("--output -: a recording would garble this terminal; redirect the output or name a file")
        }
        try await client.withClient { api in
            var wanted = ExportRequest(format: options.zip ? .zip : .mp4)
            (wanted.camera, wanted.from, wanted.to) = try await options.selection.resolved(api, .current)
            wanted.event = options.event
            let file = try await api.download("/exports", wanted, to: options.output)
            guard options.output != "-" else { return }
            if options.client.json {
                return try Terminal.print(try JSONText.object(["file": .text(file.name), "bytes": .integer(file.bytes)]).pretty())
            }
            try Terminal.print("\(Terminal.printable(file.name)) (\(ByteCount.rounded(file.bytes)))")
        }
    }
}
