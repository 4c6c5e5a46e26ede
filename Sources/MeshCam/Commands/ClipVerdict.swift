import Foundation
import Gossip
import Storage

/// What can be said of a recording's file: who signed what of it, and whether it is so still.
struct ClipVerdict: Codable, Sendable {
    enum Verdict: String, Codable, Sendable {
        /// All of it is as it was signed.
        case proven
        /// A part of it is; nobody vouches for the rest.
        case partly
        /// Nothing speaks against it, and nothing for it.
        case unproven
        /// It is not what was signed, or nobody of the mesh signed it.
        case refuted
    }

    var file: String
    var verdict: Verdict
    /// What is proven, or why not, in a sentence.
    var detail: String
    /// The number of the mesh whose keys fit; nil when none do.
    var mesh: String?
    /// Where the keys come from, and whether who can change the footage could change them, too.
    var keys: String
    var keysAreBesideFootage: Bool
    /// The node whose signature it is, and whether it was revoked since.
    var node: String
    var isRevoked: Bool
    var camera: String
    var start, end: Date
    var clock: ClipFacts.Clock
    /// Peers that had a part of it while it was recorded, or soon after, and said so.
    var witnesses: [Confirmation] = []

    /// One peer's word.
    struct Confirmation: Codable, Sendable {
        var node: String
        /// By the peer's clock.
        var time: Date
        /// Whether that node was revoked since: whoever has its key could have signed this later.
        var isRevoked: Bool
        /// Whether it had all of the recording.
        var isWhole: Bool
    }

    /// Reads the recording and its sidecar.
    ///
    /// - Throws: ``NodeError`` when there is nothing to judge: no file, no sidecar.
    init(of file: String, by ring: MeshKeyring) throws {
        let video = file.hasSuffix(".json") ? String(file.dropLast(4)) + "mp4" : file
        let manifest = try Self.manifest(of: video)
        guard let handle = FileHandle(forReadingAtPath: video) else { throw Self.unreadable(video) }
        defer { try? handle.close() }
        let facts = manifest.facts
        self.file = video
        (camera, start, end, clock, node) = (facts.cameraName, facts.start, facts.end, facts.clock, manifest.signer)
        (keys, keysAreBesideFootage) = (ring.origin, ring.isBesideFootage)
        let id = NodeID(hex: manifest.signer)
        let members = FootageKeys { _, _ in [] } verify: { statement, node, bytes, signature in
            NodeID(hex: node).map { ring.signer(of: bytes, signature, by: $0, domain: statement.domain) != nil } ?? false
        }
        guard let id, let roster = ring.signer(of: manifest.factsBytes, manifest.signature, by: id), members.verifies(manifest) else {
            (mesh, isRevoked, verdict) = (nil, false, .refuted)
            detail = "no node that may has signed the facts beside it, of a mesh whose keys are known; they are forged, or altered, or another mesh's"
            return
        }
        mesh = "\(roster.meshID)"
        isRevoked = roster.isRevoked(id)
        let size = Int(try handle.seekToEnd())
        let cameras = NodeID(hex: facts.id.node)
        let proof = try ClipProof(of: facts, size: size) { head in
            cameras.map { ring.signer(of: head.signedBytes, head.signature, by: $0, domain: .head) != nil } ?? false
        } read: { offset, count in
            try handle.seek(toOffset: UInt64(offset))
            return Array(try handle.read(upToCount: count) ?? Data())
        }
        witnesses = proof.witnesses.filter { members.verifies($0, of: facts.id) }.map { Confirmation(node: $0.node, time: $0.time, isRevoked: NodeID(hex: $0.node).map(roster.isRevoked) ?? false, isWhole: $0.head == facts.head) }
        (verdict, detail) = Self.judge(proof, facts, size: size, keeper: manifest.signer == facts.id.node ? nil : manifest.signer)
    }

    /// - Parameter keeper: the node that kept it and closed it in its camera's stead; nil: the camera's own node signed the facts.
    private static func judge(_ proof: ClipProof, _ facts: ClipFacts, size: Int, keeper: String?) -> (Verdict, String) {
        let signed = proof.signedWhileRecorded
        if proof.hasWrongSignature { return (.refuted, "the recording was altered since the camera's node signed it: a signature inside it is not right") }
        switch proof.finding {
        case .whole:
            let all = "all \(Self.bytes(size)) are as the camera's node signed them"
            guard facts.state == .interrupted else { return (.proven, all) }
            if let keeper, let opening = facts.opening.flatMap({ try? Manifest(parsing: Array($0.utf8)) })?.facts, opening.state == .closed, opening.bytes > size {
                return (.partly, "\(Self.bytes(opening.bytes - size)) are missing at the end; the first \(Self.bytes(signed)) are as the camera's node signed them while it recorded, and node \(Terminal.printable(keeper)) closed the recording")
            }
            if let keeper, signed < size {
                return (.partly, "the first \(Self.bytes(signed)) of \(Self.bytes(size)) are as the camera's node signed them while it recorded; for the rest there is only the word of node \(Terminal.printable(keeper)), which closed the recording")
            }
            if signed < size { return (.partly, "all \(Self.bytes(size)) are as the camera's node found them when it started again; what happened before that nobody signed") }
            guard let keeper else { return (.partly, "\(all) while it recorded, and found them when it started again; whether there was more nobody signed") }
            return (.proven, "\(all) while it recorded; it vanished, and node \(Terminal.printable(keeper)), which kept the recording, closed it: whether there was more only that one says")
        case .beginning(let bytes) where facts.state == .closed:
            return (.refuted, "\(Self.bytes(size - bytes)) were added behind the \(Self.bytes(bytes)) that the camera's node signed; those are as they were")
        case .beginning(let bytes):
            return (.partly, "the first \(Self.bytes(max(bytes, signed))) of \(Self.bytes(size)) are as the camera's node signed them; it had not closed the recording")
        case .altered: return (.refuted, "the recording was altered since the camera's node signed it")
        case .cut(let missing) where signed > 0:
            return (.partly, "\(Self.bytes(missing)) are missing at the end; the first \(Self.bytes(signed)) are as the camera's node signed them while it recorded")
        case .cut(let missing): return (.refuted, "\(Self.bytes(missing)) are missing at the end; what is left cannot be checked without them")
        case .unsigned where signed > 0:
            return (.partly, "the first \(Self.bytes(signed)) of \(Self.bytes(size)) are as the camera's node signed them while it recorded; it vanished before it closed the recording, or records still")
        case .unsigned: return (.unproven, "the camera's node vanished before it signed what it recorded, or records still")
        }
    }

    private static func bytes(_ count: Int) -> String { ByteCount.rounded(Int64(count)) }

    private static func manifest(of video: String) throws -> Manifest {
        let path = video.hasSuffix(".mp4") ? String(video.dropLast(3)) + "json" : video + ".json"
        guard let handle = FileHandle(forReadingAtPath: path), let bytes = try? handle.read(upToCount: (1 << 20) + 1) else { throw unreadable(path) }
        guard bytes.count <= 1 << 20, let manifest = try? Manifest(parsing: Array(bytes)) else {
            throw NodeError("\(path) is not the file of a recording's facts", cure: "Take it from the storage anew, together with the recording.")
        }
        return manifest
    }

    private static func unreadable(_ path: String) -> NodeError {
        NodeError("\(path): \(String(cString: strerror(errno)))", cure: "A recording and the .json file beside it belong together: bring both.")
    }

    /// For people.
    func text(_ wording: Wording) -> String {
        let name: String = switch verdict {
        case .proven: "proven"
        case .partly: "proven in part"
        case .unproven: "not proven"
        case .refuted: "NOT PROVEN"
        }
        var clockText = "its clock was set by \(clock.quality)"
        if clock.quality == "none" { clockText = "nobody had set its clock" }
        if let uncertainty = clock.uncertaintySeconds { clockText += ", right to \(Wording.span(uncertainty))" }
        var lines = [
            "\(Terminal.printable(file)): \(name)", "  \(detail)",
            "  recorded by \(Terminal.printable(camera)), \(wording.time(start)) to \(wording.timeOfDay(end)) \(wording.zoneName); \(clockText)",
        ]
        if let mesh { lines.append("  signed by node \(Terminal.printable(node)) of mesh \(mesh); keys from \(Terminal.printable(keys))") }
        for witness in witnesses {
            lines.append("  node \(Terminal.printable(witness.node)) had \(witness.isWhole ? "all" : "a part") of it by \(wording.time(witness.time)), and signed that\(witness.isRevoked ? "; it was revoked since" : "")")
        }
        if isRevoked { lines.append("  that node was revoked since: whoever has its key could have signed this later") }
        if keysAreBesideFootage, mesh != nil {
            lines.append("  whoever can change the footage could change those keys: compare the mesh's number with a camera's ('meshcam status'), or give it with --mesh")
        }
        return lines.joined(separator: "\n")
    }
}
