import Gossip
import HTTPTypes

/// What somebody may see and do: a value, decided once for a request and asked by every route.
///
/// Admins may do everything. Viewers look: live, clips, incidents and events of their own cameras, and they change nothing but their
/// password; also a trigger is an admin's, because it makes every camera of a group record. What a viewer may not see is not there (404, or
/// left out of a list); what a viewer may not do is refused (403).
struct Rights: Sendable, Hashable {
    /// What a token may be used for. Default: ``api``.
    enum Scope: String, Sendable, Codable, CaseIterable {
        /// All that its role allows.
        case api
        /// The node's figures for a monitoring system, and nothing else.
        case metrics
    }

    let role: Caller.Role
    /// Ids of the cameras it may see; `nil`: every one, also those that come later.
    let cameras: Set<String>?
    let scopes: Set<Scope>

    /// - Parameter cameras: empty: all, as the mesh's configuration has it. An admin's list means nothing.
    init(role: Caller.Role, cameras: [String] = [], scopes: Set<Scope> = [.api]) {
        self.role = role
        self.cameras = role == .admin || cameras.isEmpty ? nil : Set(cameras)
        self.scopes = scopes
    }

    private init(noneOf role: Caller.Role) {
        self.role = role
        cameras = []
        scopes = []
    }

    static let everything = Rights(role: .admin, scopes: Set(Scope.allCases))
    /// Of somebody who proved nothing.
    static let nothing = Rights(noneOf: .viewer)

    /// Whether it may change things, and see how the mesh is run.
    var mayAdminister: Bool { role == .admin && scopes.contains(.api) }

    func sees(camera: String) -> Bool { scopes.contains(.api) && cameras?.contains(camera) ?? true }

    /// What viewers may ask for. Whatever is not here is for admins, also what somebody adds and forgets here.
    static let forViewers: Set<String> = [
        "GET /session", "DELETE /session", "PUT /users/me/password",
        "GET /cameras", "GET /cameras/{id}", "GET /cameras/{id}/snapshot.jpg", "GET /cameras/{id}/stream.mjpeg", "GET /cameras/{id}/live.mp4",
        "POST /cameras/{id}/whep", "PATCH /cameras/{id}/whep/{session}", "DELETE /cameras/{id}/whep/{session}",
        "GET /clips", "GET /clips/{id}", "GET /clips/{id}/video.mp4", "GET /clips/{id}/thumbnail.jpg",
        "GET /incidents", "GET /incidents/{event}", "GET /nodes", "GET /events",
    ]

    /// - Parameter endpoint: the route's path with its parameters' names, as `/api/mesh/v1/cameras/{id}`.
    func allow(_ method: HTTPRequest.Method, _ endpoint: String?) -> Bool {
        guard scopes.contains(.api) else { return false }
        guard role != .admin else { return true }
        let base = "/api/mesh/v1"
        guard let endpoint, endpoint.hasPrefix(base) else { return false }
        return Self.forViewers.contains("\((method == .head ? HTTPRequest.Method.get : method).rawValue) \(endpoint.dropFirst(base.count))")
    }
}

// MARK: What is left of a resource

extension Rights {
    /// `nil`: it is not there for this caller.
    func cut(_ camera: CameraResource) -> CameraResource? { sees(camera: camera.id) ? camera : nil }

    func cut(_ clip: ClipResource) -> ClipResource? {
        // A clip is asked for by its node, and a node has one camera, which has the node's id.
        guard sees(camera: clip.camera), sees(camera: clip.node) else { return nil }
        var clip = clip
        if let origin = clip.origin, !sees(camera: origin) { clip.origin = nil }
        return clip
    }

    /// How a node is built and what ails it is for those who run it; the others learn which cameras it has and where else to look.
    func cut(_ node: NodeResource) -> NodeResource? {
        guard !mayAdminister else { return node }
        var seen = node
        seen.cameras = node.cameras.filter { sees(camera: $0) }
        guard seen.isSelf || !seen.cameras.isEmpty else { return nil }
        (seen.version, seen.addresses, seen.problems, seen.refusedPackets) = (nil, [], [], nil)
        (seen.uptimeSeconds, seen.clockOffsetSeconds, seen.clockUncertaintySeconds) = (nil, nil, nil)
        return seen
    }

    /// Of the cameras that are asked for, those that are there for this caller; `nil`: all.
    func cut(_ wanted: Set<String>?) -> Set<String>? {
        guard scopes.contains(.api) else { return [] }
        guard let cameras else { return wanted }
        return wanted.map(cameras.intersection) ?? cameras
    }

    func cut(_ missing: [MissingNode]) -> [MissingNode] { missing.filter { sees(camera: $0.node) } }
}
