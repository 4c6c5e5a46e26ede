import Foundation
import Gossip
import Storage

/// Public keys of meshes, each once, with all that its copies know.
struct MeshKeyring: Sendable {
    var keys: [MeshPublicKeys] = []
    /// Where they come from, for people.
    let origin: String
    /// Whoever can change the footage can change these too.
    var isBesideFootage = false

    /// A roster is some hundred bytes for each node.
    private static let sizeLimit = 64 << 20

    init(keys: [MeshPublicKeys], origin: String) {
        self.keys = keys
        self.origin = origin
    }

    /// Reads a file, or every file of a directory; what is damaged there is passed over.
    ///
    /// - Throws: ``NodeError`` when nothing can be read.
    init(at path: String) throws {
        origin = path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw NodeError("\(path): there is no such file", cure: "Name a file, or a directory of files, as cameras leave them in .meshcam/keys.")
        }
        let files = isDirectory.boolValue ? try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { "\(path)/\($0)" } : [path]
        for file in files {
            guard let handle = FileHandle(forReadingAtPath: file), let bytes = try? handle.read(upToCount: Self.sizeLimit),
                let found = MeshPublicKeys(file: Array(bytes))
            else { continue }
            if let known = keys.firstIndex(where: { $0.roster.meshID == found.roster.meshID }) { keys[known].merge(found) } else { keys.append(found) }
        }
        guard !keys.isEmpty else {
            throw NodeError("\(path): these are no keys of a mesh", cure: "Name a file, or a directory of files, as cameras leave them in .meshcam/keys.")
        }
    }

    /// The directory of keys on the storage that a recording lies on: at its root, some levels up.
    static func directory(beside file: String) -> String? {
        var place = URL(filePath: file).standardizedFileURL
        for _ in 0..<5 where place.path != "/" {
            place.deleteLastPathComponent()
            let keys = place.appending(path: ClipPath.keysDirectory).path
            if FileManager.default.fileExists(atPath: keys) { return keys }
        }
        return nil
    }

    /// The mesh in which that node signed these bytes.
    func signer(of bytes: [UInt8], _ signature: [UInt8], by node: NodeID, domain: SignatureDomain = .manifest) -> Roster? {
        keys.first { $0.verifies(signature, of: bytes, by: node, domain: domain) }?.roster
    }
}
