import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// `/exports`: recordings for people, as one video or as an archive that can be verified. Made while it is sent: nothing is written here.
struct ExportRoutes: Sendable {
    let node: NodeServices

    /// Recordings of one export.
    static let limit = 1000
    /// Bytes that are read and sent at a time.
    private static let chunk = 1 << 20
    /// No init segment of a recording is longer.
    private static let initLimit = 64 << 10

    func add(to group: RouterGroup<APIContext>) {
        group.post("exports") { request, context in try await export(try await request.decoded(as: ExportRequest.self), context) }
        group.get("exports") { request, context in
            try await export(try ExportRequest(request), context, isAsked: request.method == .head)
        }
    }

    /// - Parameter isAsked: only its headers are wanted; nothing leaves.
    private func export(_ wanted: ExportRequest, _ context: APIContext, isAsked: Bool = false) async throws -> Response {
        let files = ClipFiles(routes: ClipRoutes(node: node), context: context)
        let (clips, missing) = try await chosen(wanted, files, context)
        let cameras = Dictionary(clips.map { ($0.camera, $0.cameraName) }) { first, _ in first }
        let format = wanted.format ?? .mp4
        let body: ResponseBody
        switch format {
        case .mp4:
            guard cameras.count == 1 else {
                throw ProblemDetails(
                    title: "Several cameras", status: 422, detail: "One video shows one camera; these recordings are of \(cameras.values.sorted().joined(separator: ", ")).",
                    cure: "Choose one with camera, or ask for a zip.")
            }
            try await checkThatTheyJoin(clips, files)
            body = joined(clips, files)
        case .zip:
            body = archive(clips, missing, files)
        }
        if !isAsked {
            let number = clips.count == 1 ? "1 recording" : "\(clips.count) recordings"
            node.audit.record(.exported, context, subject: cameras.values.sorted().joined(separator: ", "), detail: "\(number) as \(format)")
        }
        let stamp = ClipPath(folder: "", start: clips[0].start, event: "").stem.dropLast()
        let name = (cameras.count == 1 ? ClipPath.folderName(for: clips[0].cameraName) : "meshcam") + "_\(stamp).\(format)"
        var headers: HTTPFields = [
            .contentType: format == .mp4 ? "video/mp4" : "application/zip", .cacheControl: "no-store",
            .contentDisposition: "attachment; filename=\"\(name)\"",
        ]
        if !missing.isEmpty { headers[.meshCamMissing] = missing.map { ClipPath.folderName(for: $0) }.joined(separator: ", ") }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Oldest first; at least one; and the names of nodes that did not answer, of which only what others have is among them.
    private func chosen(_ wanted: ExportRequest, _ files: ClipFiles, _ context: APIContext) async throws -> (clips: [ClipResource], missing: [String]) {
        var missing: Set<String> = []
        var found: [ClipResource] = []
        if let ids = wanted.clips {
            guard ids.count <= Self.limit else { throw ProblemDetails.badRequest("At most \(Self.limit) recordings at once.") }
            for id in Set(ids.map { $0.lowercased() }) { found.append(try await files.resource(id)) }
        } else {
            guard wanted.event != nil || wanted.camera != nil || wanted.from != nil || wanted.to != nil else {
                throw ProblemDetails.badRequest("Say which recordings: clips, event, camera, from or to.")
            }
            var page: ClipPage
            var query = ClipQuery(cameras: wanted.camera.map { [$0] }, from: wanted.from, to: wanted.to, event: wanted.event, limit: ClipQuery.largestLimit)
            repeat {
                page = await node.clips(query, context: context)
                found += page.clips
                missing.formUnion(page.missing.map(\.name))
                query.after = page.cursor.flatMap { ClipQuery.Cursor($0) }
            } while query.after != nil && found.count <= Self.limit
            guard found.count <= Self.limit else { throw ProblemDetails.badRequest("These are more than \(Self.limit) recordings.", cure: "Choose a shorter time.") }
        }
        let over = found.filter { $0.state != .recording && $0.isExportable }
        guard !over.isEmpty else {
            throw ProblemDetails(
                title: "Nothing to export", status: 404, detail: found.isEmpty ? "No recording is like that." : "These recordings are not over.",
                cure: found.isEmpty ? nil : "Try again when they are.")
        }
        return (over.sorted { ($0.start, $0.id) < ($1.start, $1.id) }, missing.sorted())
    }

    // MARK: One video

    /// Before the answer begins: what is wrong then would only be a broken download.
    private func checkThatTheyJoin(_ clips: [ClipResource], _ files: ClipFiles) async throws {
        var joined = JoinedMP4()
        for clip in clips {
            let head = try await files.video(clip.id, at: 0, count: min(Self.initLimit, Int(clip.bytes)))
            do throws(JoinedMP4.Problem) {
                _ = try joined.append(head.readableBytesView)
                try joined.endClip()
            } catch {
                let when = RFC3339.format(clip.start)
                switch error {
                case .differs:
                    throw ProblemDetails(
                        title: "They do not join", status: 422, detail: "The picture of \(clip.cameraName) became another one at \(when): no player could show both in one video.",
                        cure: "Export the time before and after it apart, or ask for a zip.")
                case .malformed: throw ProblemDetails(title: "Damaged", status: 422, detail: "The recording of \(when) is damaged.", cure: "Leave it out, or ask for a zip.")
                }
            }
        }
    }

    private func joined(_ clips: [ClipResource], _ files: ClipFiles) -> ResponseBody {
        ResponseBody { writer in
            var joined = JoinedMP4()
            for clip in clips {
                var offset = 0
                while offset < Int(clip.bytes) {
                    let bytes = try await files.video(clip.id, at: offset, count: min(Self.chunk, Int(clip.bytes) - offset))
                    guard bytes.readableBytes > 0 else { throw ClipReadError.unavailable("a recording is shorter than its catalogue says") }
                    offset += bytes.readableBytes
                    let more = try joined.append(bytes.readableBytesView)
                    if !more.isEmpty { try await writer.write(ByteBuffer(bytes: more)) }
                }
                try joined.endClip()
            }
            try await writer.finish(nil)
        }
    }

    // MARK: An archive

    private func archive(_ clips: [ClipResource], _ missing: [String], _ files: ClipFiles) -> ResponseBody {
        ResponseBody { [node] writer in
            let zip = try ZipStream()
            var folders: [String: String] = [:]
            for clip in clips {
                let path = ClipPath(folder: Self.folder(of: clip, &folders), start: clip.start, event: clip.event)
                try zip.begin(path.file(.video), size: Int(clip.bytes), modified: clip.end)
                var offset = 0
                while offset < Int(clip.bytes) {
                    let bytes = try await files.video(clip.id, at: offset, count: min(Self.chunk, Int(clip.bytes) - offset))
                    guard bytes.readableBytes > 0 else { throw ClipReadError.unavailable("a recording is shorter than its catalogue says") }
                    offset += bytes.readableBytes
                    try zip.write(bytes)
                    try await writer.write(zip.take())
                }
                try zip.add(path.file(.manifest), try await files.whole(clip.id, .facts), modified: clip.end)
                // It proves nothing, and may be missing.
                if let poster = try? await files.whole(clip.id, .poster) { try zip.add(path.file(.poster), poster, modified: clip.end) }
            }
            if let keys = node.store.currentKeys { try zip.add(Self.keysFile, ByteBuffer(bytes: keys), modified: node.clock.now()) }
            try zip.add("README.txt", ByteBuffer(string: Self.readMe + Self.words(missing)), modified: node.clock.now())
            try zip.end()
            try await writer.write(zip.take())
            try await writer.finish(nil)
        }
    }

    /// As on a storage; two cameras of one name get two.
    private static func folder(of clip: ClipResource, _ known: inout [String: String]) -> String {
        if let folder = known[clip.camera] { return folder }
        var folder = ClipPath.folderName(for: clip.cameraName)
        if known.values.contains(folder) { folder += "-\(clip.camera.prefix(8))" }
        known[clip.camera] = folder
        return folder
    }

    private static func words(_ missing: [String]) -> String {
        missing.isEmpty ? "" : "\nThese cameras did not answer, and only what lies on a storage or at another camera is in here: \(missing.joined(separator: ", ")).\n"
    }

    private static let keysFile = "keys"
    private static let readMe = """
        Recordings of a MeshCam system.

        Beside each video (.mp4) lie its picture (.jpg) and its facts (.json), which the camera has signed. What they prove is told by

            meshcam verify --keys \(keysFile) --mesh NUMBER FOLDER/DATE/FILE.mp4

        on any computer, without a network. NUMBER is the system's own, which 'meshcam status' shows on any of its cameras: without it the
        recordings are proven against the keys in this archive only, and whoever made the archive could have made those, too.

        """
}

extension ClipResource {
    /// Whether there is something of it, and it can name a file: another node's words must not lead out of the archive.
    var isExportable: Bool {
        func isWord(_ text: String) -> Bool { (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) } }
        return bytes > 0 && bytes < 1 << 40 && isWord(event) && isWord(camera) && ClipID(id)?.node == node && camera == node
    }
}

extension HTTPField.Name {
    /// Names of the nodes of which something may be missing in an export.
    static let meshCamMissing = HTTPField.Name("MeshCam-Missing")!
}

extension ExportRequest {
    init(_ request: Request) throws {
        let query = request.uri.queryParameters
        func text(_ name: Substring) -> String? { query[name].map(String.init) }
        let conditions = try ClipQuery(request, isPeer: false)
        guard conditions.cameras?.count ?? 0 <= 1 else { throw ProblemDetails.badRequest("camera is one camera's id.", cure: "Export each camera, or name the clips.") }
        let format = try text("format").map { text in
            guard let format = ExportFormat(rawValue: text) else { throw ProblemDetails.badRequest("format must be mp4 or zip.") }
            return format
        }
        self.init(
            clips: text("clips").map { $0.split(separator: ",").map(String.init) }, event: conditions.event, camera: conditions.cameras?.first, from: conditions.from,
            to: conditions.to, format: format)
    }
}
