import Foundation
import Gossip
import Logging
import Media
import Storage

/// What every part of a running node works with. Built once by ``Node``.
final class NodeServices: Sendable {
    let settings: Settings
    let identity: NodeIdentity
    let gossip: GossipService
    let discovery: AvahiDiscovery
    let camera: CameraService
    /// Viewers by WebRTC of this node's camera.
    let live: WebRTCServer
    let iceServers: IceServers
    /// Other nodes' cameras, passed on to viewers of this one.
    let relay: LiveRelay
    /// Viewers that came through this node, of whichever camera.
    let viewers = ViewerWatch()
    let store: ClipStore
    let orphans: OrphanCatalogue
    let sessions: Sessions
    let events: EventHub
    let peers: PeerProxy
    let localAccess: LocalToken
    let audit: AuditLog
    let rootKeychain = RootKeychain()
    let browserDoor: BrowserDoor
    /// How this node comes to a mesh; `nil` once it belongs to one.
    let joining: JoiningService?
    let clock: WallClock
    let started = ContinuousClock.now

    init(
        settings: Settings, identity: NodeIdentity, gossip: GossipService, discovery: AvahiDiscovery, camera: CameraService,
        live: WebRTCServer, iceServers: IceServers, store: ClipStore, orphans: OrphanCatalogue, joining: JoiningService?, sessions: Sessions, events: EventHub, peers: PeerProxy, localAccess: LocalToken,
        audit: AuditLog,
        browserDoor: BrowserDoor
    ) {
        self.settings = settings
        self.joining = joining
        self.identity = identity
        self.gossip = gossip
        clock = WallClock(gossip)
        self.discovery = discovery
        self.camera = camera
        self.live = live
        self.iceServers = iceServers
        relay = LiveRelay(peers: peers)
        self.store = store
        self.orphans = orphans
        self.sessions = sessions
        self.events = events
        self.peers = peers
        self.localAccess = localAccess
        self.audit = audit
        self.browserDoor = browserDoor
    }

    static let aloneProblem = ProblemNote(
        message: "this node belongs to no mesh: it records and shows itself alone",
        cure: "Open the dashboard of a camera that belongs to a mesh and add this one there, or found a mesh on this one's own page.")

    static let strangerProblem = ProblemNote(
        message: "this node is not on its mesh's roster, so the others do not talk to it",
        cure: "Its identity was lost and made anew: put the old file 'identity' back into its state directory, or run 'meshcam reset' and add it to the mesh again.")

    static let revokedProblem = ProblemNote(
        message: "this node was revoked: it belongs to the mesh no more, and records and shows itself alone",
        cure: "If that was a mistake, stop it, run 'meshcam reset' and add it again as a new camera; its footage stays.")

    static let rootConflictProblem = ProblemNote(
        message: "the mesh's root key has named two successors: it may be stolen, or two admins acted at once while they were cut off from each other",
        cure: "Take the printed recovery phrase and run 'meshcam recover'; until then nobody can be added or revoked.")

    /// What is wrong with a node's place in its mesh, if anything is.
    static func membershipProblem(of node: NodeID, in roster: Roster) -> ProblemNote? {
        if roster.isRevoked(node) { return revokedProblem }
        if roster.admission(of: node) == nil { return strangerProblem }
        return roster.isRootInConflict ? rootConflictProblem : nil
    }

    /// Whether this node belongs to no mesh.
    var isAlone: Bool { joining != nil }

    /// Whether the mesh's roster has this node.
    var isMember: Bool { gossip.view.roster.admission(of: identity.id) != nil }

    /// This node's name, for people.
    var name: String { settings.node.name }
    /// This node's id in hex.
    var id: String { "\(identity.id)" }
}
