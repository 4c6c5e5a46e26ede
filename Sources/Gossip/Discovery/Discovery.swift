/// Finds nodes on the local network, and lets this one be found.
public protocol Discovery: Sendable {
    /// Browses, and publishes while there is something to publish, until cancelled. A missing daemon is no error: it is waited for.
    func run(publishing announcement: ServiceAnnouncement?, onChange: @escaping @Sendable (DiscoveryEvent) -> Void) async throws
    /// Publishes something else from now on; `nil`: nothing.
    func update(_ announcement: ServiceAnnouncement?)
}

/// What this node tells of itself by mDNS: service `_meshcam._tcp`.
public struct ServiceAnnouncement: Sendable, Hashable {
    /// TXT `st`.
    public enum State: String, Sendable {
        /// Member of a mesh.
        case mesh
        /// Member of a mesh of one.
        case alone
        /// To be paired.
        case unpaired
    }

    /// TXT `id`.
    public var id: NodeID
    /// TXT `name`; also the service's name.
    public var name: String
    public var state: State
    /// TXT `mesh`.
    public var mesh: MeshID?
    /// TXT `v`.
    public var version: String
    /// The service's port: peers' TLS.
    public var port: Int
    /// TXT `gp`: gossip's UDP port.
    public var gossipPort: Int
    /// TXT `wp`: the HTTPS port, where a member takes in who has a ticket; 0: none is told.
    public var webPort: Int

    public init(id: NodeID, name: String, state: State, mesh: MeshID?, version: String, port: Int, gossipPort: Int, webPort: Int = 0) {
        self.id = id
        self.name = name
        self.state = state
        self.mesh = mesh
        self.version = version
        self.port = port
        self.gossipPort = gossipPort
        self.webPort = webPort
    }
}

/// A node that was found; nothing of it is proven.
public struct DiscoveredService: Sendable, Hashable {
    /// What the service is called on the network, unique there.
    public var instance: String
    public var id: NodeID?
    public var name: String
    public var state: ServiceAnnouncement.State?
    public var mesh: MeshID?
    public var version: String
    /// With its zone where it is link-local.
    public var host: String
    public var port: Int
    public var gossipPort: Int
    /// 0: none is told.
    public var webPort = 0
}

public enum DiscoveryEvent: Sendable, Hashable {
    /// Found, or found with other facts.
    case found(DiscoveredService)
    /// Gone from the network, by that instance name.
    case lost(String)
    case status(DiscoveryStatus)
}

public enum DiscoveryStatus: Sendable, Hashable {
    /// Nothing is known yet.
    case starting
    case running
    /// Nobody can be found by multicast; the message names the cure.
    case noDaemon(String)
}
