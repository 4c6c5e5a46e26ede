import Foundation
import Gossip
import Logging
import Storage

/// What every part of a running node works with. Built once by ``Node``.
final class NodeServices: Sendable {
    let settings: Settings
    let identity: NodeIdentity
    let gossip: GossipService
    let discovery: AvahiDiscovery
    let camera: CameraService
    let store: ClipStore
    let orphans: OrphanCatalogue
    let sessions: Sessions
    let events: EventHub
    let peers: PeerProxy
    let localAccess: LocalToken
    let rootKeychain = RootKeychain()
    let browserDoor: BrowserDoor
    /// How this node comes to a mesh; `nil` once it belongs to one.
    let joining: JoiningService?
    let clock = WallClock()
    let started = ContinuousClock.now

    init(
        settings: Settings, identity: NodeIdentity, gossip: GossipService, discovery: AvahiDiscovery, camera: CameraService,
        store: ClipStore, orphans: OrphanCatalogue, joining: JoiningService?, sessions: Sessions, events: EventHub, peers: PeerProxy, localAccess: LocalToken,
        browserDoor: BrowserDoor
    ) {
        self.settings = settings
        self.joining = joining
        self.identity = identity
        self.gossip = gossip
        self.discovery = discovery
        self.camera = camera
        self.store = store
        self.orphans = orphans
        self.sessions = sessions
        self.events = events
        self.peers = peers
        self.localAccess = localAccess
        self.browserDoor = browserDoor
    }

    static let aloneProblem = ProblemNote(
        message: "this node belongs to no mesh: it records and shows itself alone",
        cure: "Open the dashboard of a camera that belongs to a mesh and add this one there, or found a mesh on this one's own page.")

    static let strangerProblem = ProblemNote(
        message: "this node is not on its mesh's roster, so the others do not talk to it",
        cure: "It was revoked, or its identity was lost and made anew: put the old file 'identity' back into its state directory, or add it to the mesh again.")

    /// Whether this node belongs to no mesh.
    var isAlone: Bool { joining != nil }

    /// Whether the mesh's roster has this node.
    var isMember: Bool { gossip.view.roster.admission(of: identity.id) != nil }

    /// This node's name, for people.
    var name: String { settings.node.name }
    /// This node's id in hex.
    var id: String { "\(identity.id)" }
}
