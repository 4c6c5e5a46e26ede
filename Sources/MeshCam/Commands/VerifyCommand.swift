import ArgumentParser
import Foundation
import Gossip
import Storage

/// `meshcam verify FILE`: whether a recording is as its camera signed it. Asks nobody.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check whether recordings are as their cameras signed them.",
        discussion: """
            Needs the .json file beside each recording, and no network. The mesh's public keys come from --keys, else from this machine if it is \
            a node, else from where the recording lies: cameras leave them in .meshcam/keys of every storage. There somebody may have put \
            his own; with --mesh only keys of the mesh with that number count.

            Exit code 0 when all of every file is proven.
            """)

    @Argument(help: ArgumentHelp("Recordings, as they lie on the storage.", valueName: "file")) var files: [String]
    @Option(help: ArgumentHelp("The mesh's public keys: a file, or a directory of such files.", valueName: "path")) var keys: String?
    @Option(help: ArgumentHelp("The mesh's number, 32 hex digits, as 'meshcam status' shows it.", valueName: "number")) var mesh: String?
    @Option(help: "The only settings file to read.") var config: String?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if files.isEmpty { throw ValidationError("name a recording") }
        if let mesh, MeshID(hex: mesh) == nil { throw ValidationError("--mesh \(mesh): must be 32 hex digits") }
    }

    func run() async throws {
        do {
            let wanted = mesh.flatMap { MeshID(hex: $0) }
            let own = keys == nil ? try? TrustStore.load(from: Settings.load(config: config).settings.node.state).map { MeshPublicKeys($0.roster) } : nil
            let verdicts = try files.map { file in
                try ClipVerdict(of: file, by: keyring(for: file, own: own ?? nil, of: wanted))
            }
            if json {
                try Terminal.print(String(decoding: try JSONCoding.prettyEncoder.encode(verdicts), as: UTF8.self))
            } else {
                for verdict in verdicts { try Terminal.print(verdict.text(.current)) }
            }
            if !verdicts.allSatisfy({ $0.verdict == .proven }) { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            CommandLine.fail(error)
        }
    }

    private func keyring(for file: String, own: MeshPublicKeys?, of mesh: MeshID?) throws -> MeshKeyring {
        var ring: MeshKeyring
        if let keys {
            ring = try MeshKeyring(at: keys)
        } else if let own {
            ring = MeshKeyring(keys: [own], origin: "this machine")
        } else if let beside = MeshKeyring.directory(beside: file) {
            ring = try MeshKeyring(at: beside)
            ring.isBesideFootage = true
        } else {
            throw NodeError("there are no keys of a mesh here", cure: "Name them with --keys: they lie in .meshcam/keys of the storage that the recording comes from.")
        }
        if let mesh {
            ring.keys.removeAll { $0.roster.meshID != mesh }
            if ring.keys.isEmpty { throw NodeError("\(ring.origin) has no keys of the mesh \(mesh)", cure: "Compare the number with the one that 'meshcam status' shows on a camera.") }
        }
        return ring
    }
}
