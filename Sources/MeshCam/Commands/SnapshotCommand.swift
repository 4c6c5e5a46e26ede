import ArgumentParser
import Foundation

/// `meshcam snapshot CAMERA`: the picture of this moment as a JPEG file.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Save what a camera sees now as a JPEG file.")

    @Argument(help: "The camera: its name, id, or the beginning of its id.")
    var camera: String

    @Option(name: .shortAndLong, help: ArgumentHelp("Write here; - is the standard output. Default: NAME-TIME.jpg in this directory.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Width in pixels, 16 to 7680; the height follows. Default: as the camera delivers it.", valueName: "pixels"))
    var width: Int?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let width, !(16...7680).contains(width) { throw ValidationError("--width \(width): must be 16 to 7680") }
        if output == "" { throw ValidationError("--output: name a file, or - for the standard output") }
    }

    func run() async throws {
        let (name, output, width, json) = (camera, output, width, client.json)
        if output == "-", isatty(1) == 1 {
            throw ValidationError("--output -: a picture would garble this terminal; redirect the output or name a file")
        }
        try await client.withClient { api in
            let camera = try CameraSelector.camera(name, among: try await api.get("/cameras"))
            let path = "/cameras/\(APIClient.percentEncoded(camera.id))/snapshot.jpg"
            let answer = try await api.get(path, query: [("width", width.map { String($0) })])
            guard answer.body.starts(with: [0xFF, 0xD8]) else {
                throw APIError(
                    kind: .notUnderstood, message: "the node sent something that is no JPEG picture", cure: "see `meshcam cameras` for its state")
            }
            if output == "-" { return try Terminal.write(answer.body) }
            let file = output ?? Self.fileName(camera.name, .current)
            do {
                try answer.body.write(to: URL(fileURLWithPath: file), options: .atomic)
            } catch {
                let reason = (error as? CocoaError)?.underlying.map { "\($0)" } ?? "\(error.localizedDescription)"
                throw TerminalError(message: "cannot write \(SettingsText.shown(file)): \(reason); name another file with -o")
            }
            if json {
                let facts = JSONText.object([
                    "camera": .text(camera.id), "file": .text(file), "bytes": .integer(Int64(answer.body.count)),
                ])
                return try Terminal.print(try facts.pretty())
            }
            try Terminal.print("\(Terminal.printable(file)) (\(ByteCount.rounded(Int64(answer.body.count))))")
        }
    }

    /// `porch-2026-11-20T13-34-56.jpg`; of the name only what is harmless in a file name.
    static func fileName(_ camera: String, _ wording: Wording) -> String {
        let safe = camera.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        let name = String(safe.drop { $0 == "." || $0 == "-" })
        let time = wording.time(wording.now).replacingOccurrences(of: " ", with: "T").replacingOccurrences(of: ":", with: "-")
        return "\(name.isEmpty ? "camera" : name)-\(time).jpg"
    }
}

extension CocoaError {
    /// What the system said, in its words.
    fileprivate var underlying: String? {
        (userInfo[NSUnderlyingErrorKey] as? any Error).map { error in
            (error as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
        }
    }
}
