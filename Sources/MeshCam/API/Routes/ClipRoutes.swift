import Foundation
import Gossip
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// `/clips`: what was recorded, on every camera, and its bytes from any node.
struct ClipRoutes: Sendable {
    let node: NodeServices

    /// Bytes that are read and sent at a time.
    static let chunk = 256 << 10

    func add(to group: RouterGroup<APIContext>) {
        group.get("clips") { request, context in
            try Response.json(await node.clips(ClipQuery(request, isPeer: context.isLocal), context: context))
        }
        group.get("clips/:id") { try await answer($0, $1) }
        group.get("clips/:id/video.mp4") { try await answer($0, $1) }
        group.get("clips/:id/thumbnail.jpg") { try await answer($0, $1) }
        group.get("clips/:id/facts.json") { try await answer($0, $1) }
    }

    /// What there is of a clip, behind its path.
    enum Part: String {
        case resource = ""
        case video = "/video.mp4"
        case poster = "/thumbnail.jpg"
        /// Its sidecar as its node signed it (``Manifest``).
        case facts = "/facts.json"

        /// What stands behind the collection's name: a clip's id, and maybe one of its files.
        fileprivate init?(_ path: some Collection<Substring>) { self.init(rawValue: path.dropFirst().map { "/\($0)" }.joined()) }
    }

    /// What a request's path names of a clip, from whoever has it.
    func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        let path = request.uri.path.split(separator: "/").drop { $0 != "clips" }.dropFirst()
        let text = path.first.map(String.init) ?? ""
        // Before it is passed on: a peer asks as a peer, and is told everything.
        guard let id = ClipID(text), let part = Part(path), context.rights.sees(camera: id.node) else { throw ProblemDetails.notFound("clip", text) }
        guard let owner = node.owner(ofClip: id) else {
            // A camera that was revoked has recorded what it has recorded.
            guard !context.isLocal, node.formerNodes.contains(id.node), let entry = await node.orphans.clip(id, of: id.node) else { throw ProblemDetails.notFound("clip", text) }
            return try await orphan(entry, part, request)
        }
        let response = try await node.answer(request, context, owner: owner) {
            if !node.store.isAtHand(id), let copy = try await keptCopy(of: id, part, request, context) { return copy }
            return try await own(id, part, request)
        } replica: { member in
            if let entry = await node.orphans.clip(id, of: "\(member.id)") { return try await orphan(entry, part, request) }
            if let copy = try await keptCopy(of: id, part, request, context) { return copy }
            throw ProblemDetails.unavailable(
                "\(member.name) does not answer, and neither another node nor a storage that this node reaches holds the clip.",
                cure: "Check its power and network.")
        }
        // Its camera may have started again since, and know nothing of what peers keep of it.
        guard response.status == .notFound, case .peer = owner else { return response }
        return try await keptCopy(of: id, part, request, context) ?? response
    }

    private func own(_ id: ClipID, _ part: Part, _ request: Request) async throws -> Response {
        guard let entry = node.store.clip(id) else { throw ProblemDetails.notFound("clip", "\(id)") }
        switch part {
        case .resource: return try Response.json(node.clip(entry))
        case .video: return try await video(request, entry) { offset, count in try await node.store.read(id, at: offset, count: count) }
        case .poster: return try await thumbnail(id)
        case .facts: return facts(try await node.store.manifest(of: id))
        }
    }

    private func orphan(_ entry: CatalogueEntry, _ part: Part, _ request: Request) async throws -> Response {
        switch part {
        case .resource: return try Response.json(node.orphan(entry))
        case .video: return try await video(request, entry) { offset, count in try await node.orphans.read(entry, at: offset, count: count) }
        case .poster: return picture(try await node.orphans.poster(of: entry))
        case .facts: return facts(try await node.orphans.manifest(of: entry))
        }
    }

    /// A clip that this node keeps for another camera.
    func replica(_ entry: CatalogueEntry, _ part: Part, _ request: Request) async throws -> Response {
        let id = entry.facts.id
        switch part {
        case .resource: return try Response.json(node.replica(entry))
        case .video:
            return try await video(request, entry, mayGrow: true) { offset, count in
                guard let bytes = node.store.replicas.read(id, at: offset, count: count) else { throw ClipReadError.unavailable("it has just left this node for the storage") }
                return bytes
            }
        case .poster:
            guard let poster = node.store.replicas.poster(of: id) else { throw ProblemDetails.notFound("picture of clip", "\(id)") }
            return picture(poster)
        case .facts:
            guard let manifest = node.store.replicas.manifest(of: id) else { throw ProblemDetails.notFound("facts of clip", "\(id)") }
            return facts(manifest)
        }
    }

    /// The same from a node that keeps a copy: this one, or the first peer that says so.
    private func keptCopy(of id: ClipID, _ part: Part, _ request: Request, _ context: APIContext) async throws -> Response? {
        if let entry = node.store.replicas.clip(id, keeper: node.name) { return try await replica(entry, part, request) }
        if context.isLocal { return nil }
        let found = await node.gather("\(ReplicaRoutes.prefix)/\(id)", as: ClipResource.self).parts.max { $0.1.durationSeconds < $1.1.durationSeconds }
        guard let keeper = found?.0 else { return nil }
        return try await node.peers.forward(request, to: keeper, path: "\(ReplicaRoutes.prefix)/\(id)\(part.rawValue)", proof: context.proof)
    }

    private func video(
        _ request: Request, _ entry: CatalogueEntry, mayGrow: Bool = false, read: @escaping @Sendable (Int, Int) async throws -> [UInt8]
    ) async throws -> Response {
        let facts = entry.facts
        let size = facts.bytes
        let etag = "\"\(facts.id)-\(size)\""
        var headers: HTTPFields = [
            .contentType: "video/mp4", .acceptRanges: "bytes", .eTag: etag,
            .cacheControl: facts.state == .recording || mayGrow ? "no-store" : "private, max-age=3600",
            .contentDisposition: "inline; filename=\"\(ClipPath.folderName(for: facts.cameraName))-\(facts.event).mp4\"",
        ]
        if request.headers[.ifNoneMatch] == etag { return Response(status: .notModified, headers: headers) }
        // RFC 9110 §13.1.5: a range of another version is of no use.
        let field = request.headers[.ifRange].map { $0 == etag } ?? true ? request.headers[.range] : nil
        switch ByteRange.parse(field, size: size) {
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        case .whole:
            if size > 0 { try await proveReadable(0, read) }
            return Response(status: .ok, headers: headers, body: body(ByteRange(lowerBound: 0, upperBound: size), read))
        case .part(let range):
            try await proveReadable(range.lowerBound, read)
            headers[.contentRange] = range.contentRange(of: size)
            return Response(status: .partialContent, headers: headers, body: body(range, read))
        }
    }

    /// A file that is gone must be an error in words, not an answer that breaks off.
    private func proveReadable(_ offset: Int, _ read: (Int, Int) async throws -> [UInt8]) async throws {
        guard try await !read(offset, 1).isEmpty else { throw ClipReadError.unavailable("its file is shorter than it was") }
    }

    private func body(_ range: ByteRange, _ read: @escaping @Sendable (Int, Int) async throws -> [UInt8]) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let bytes = try await read(offset, min(Self.chunk, range.upperBound - offset))
                // Less than was promised: the connection must end in error, or the client would wait for the rest.
                guard !bytes.isEmpty else { throw ClipReadError.unavailable("the file is shorter than its catalogue says") }
                offset += bytes.count
                try await writer.write(ByteBuffer(bytes: bytes))
            }
            try await writer.finish(nil)
        }
    }

    /// The clip's poster; while that is being made, what the camera sees now.
    private func thumbnail(_ id: ClipID) async throws -> Response {
        do {
            return picture(try await node.store.poster(of: id))
        } catch {
            guard node.store.clip(id)?.facts.state == .recording, let now = try? await node.camera.camera.snapshot(width: 640) else { throw error }
            return picture(now.bytes, cacheControl: "no-store")
        }
    }

    private func facts(_ bytes: [UInt8]) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func picture(_ bytes: [UInt8], cacheControl: String = "private, max-age=3600") -> Response {
        Response(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: cacheControl],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension ClipQuery {
    static let largestLimit = 1000

    /// Reads `camera` (again for each further one), `from`, `to`, `kind`, `event`, `cursor` and `limit`.
    ///
    /// - Parameter isPeer: a peer that merges asks for one clip more than people may.
    init(_ request: Request, isPeer: Bool) throws {
        let query = request.uri.queryParameters
        func date(_ name: Substring) throws -> Date? {
            guard let text = query[name] else { return nil }
            guard let date = RFC3339.parse(String(text)) else {
                throw ProblemDetails.badRequest("\(name) must be an RFC 3339 time such as 2026-11-20T12:34:56Z.")
            }
            return date
        }
        let limit = try query["limit"].map { text -> Int in
            guard let limit = Int(text), (1...Self.largestLimit + (isPeer ? 1 : 0)).contains(limit) else { throw ProblemDetails.badRequest("limit must be 1 to 1000.") }
            return limit
        }
        let after = try query["cursor"].map { text -> Cursor in
            guard let cursor = Cursor(String(text)) else {
                throw ProblemDetails.badRequest("That cursor is not one of this list's.", cure: "Begin again without it.")
            }
            return cursor
        }
        let cameras = query[values: "camera"]
        self.init(
            cameras: cameras.isEmpty ? nil : Set(cameras.map(String.init)), from: try date("from"), to: try date("to"), kind: query["kind"].map(String.init),
            event: query["event"].map(String.init), after: after, limit: limit ?? 100)
    }

    /// The same wish, for a peer.
    var path: String {
        var items = [URLQueryItem(name: "limit", value: "\(limit)")]
        for camera in (cameras ?? []).sorted() { items.append(.init(name: "camera", value: camera)) }
        if let from { items.append(.init(name: "from", value: RFC3339.format(from))) }
        if let to { items.append(.init(name: "to", value: RFC3339.format(to))) }
        if let kind { items.append(.init(name: "kind", value: kind)) }
        if let event { items.append(.init(name: "event", value: event)) }
        if let after { items.append(.init(name: "cursor", value: after.text)) }
        var components = URLComponents()
        components.path = "/api/mesh/v1/clips"
        components.queryItems = items
        return components.string ?? components.path
    }
}

extension ClipQuery.Cursor {
    /// `<milliseconds since 1970>_<clip id>`.
    var text: String { "\(Int64((start.timeIntervalSince1970 * 1000).rounded()))_\(id)" }

    init?(_ text: String) {
        let parts = text.split(separator: "_", maxSplits: 1)
        // Times that RFC 3339 can write: anything further could not be passed on to a peer.
        guard parts.count == 2, let milliseconds = Int64(parts[0]), (0...253_402_300_799_999).contains(milliseconds),
            ClipID(parts[1]) != nil
        else { return nil }
        self.init(start: Date(timeIntervalSince1970: Double(milliseconds) / 1000), id: String(parts[1]))
    }

    init(_ clip: ClipResource) { self.init(start: clip.start, id: clip.id) }
}

extension NodeServices {
    /// The merged list: own clips, those of every peer that answers, and from the targets those of peers that do not.
    func clips(_ query: ClipQuery, context: APIContext) async -> ClipPage {
        var own = query
        // Before they are cut off at the limit: whoever keeps recordings for others tells of theirs too.
        own.cameras = context.rights.cut(query.cameras)
        if own.cameras?.isEmpty == true { return ClipPage(clips: [], cursor: nil, missing: []) }
        // One more than asked for tells whether there is another page.
        own.limit = query.limit + 1
        var found = MergedClips()
        found.add(store.clips(own).map(clip), toldBy: id)
        found.add(store.replicas.clips(own, keeper: name).map(replica), toldBy: nil)
        var missing: [MissingNode] = []
        if !context.isLocal {
            let (parts, absent) = await gather(own.path, as: ClipPage.self)
            for (member, page) in parts { found.add(page.clips, toldBy: "\(member.id)") }
            found.add(await orphans.clips(of: Set(absent.map { "\($0.0.id)" }).union(formerNodes), own).map(orphan), toldBy: nil)
            missing = absent.map { MissingNode(node: "\($0.0.id)", name: $0.0.name, reason: $0.1) }
        }
        var clips = found.clips.compactMap(context.rights.cut)
        clips.sort { $0.start != $1.start ? $0.start > $1.start : $0.id > $1.id }
        let page = Array(clips.prefix(query.limit))
        return ClipPage(
            clips: page, cursor: clips.count > page.count ? page.last.map { ClipQuery.Cursor($0).text } : nil,
            missing: context.rights.cut(missing))
    }
}
