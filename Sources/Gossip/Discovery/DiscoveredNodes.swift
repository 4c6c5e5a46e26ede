/// Who was seen on the local network and belongs to no mesh yet. Nothing of it is proven, and anybody can make it longer: it is bounded.
struct DiscoveredNodes: Sendable {
    /// More are not listed.
    static let limit = 64
    /// More addresses of one are not tried.
    private static let addressLimit = 8

    private var byInstance: [String: DiscoveredNode] = [:]

    /// Sorted by name.
    var unpaired: [DiscoveredNode] { byInstance.values.sorted { ($0.name, $0.instance) < ($1.name, $1.instance) } }

    mutating func follow(_ event: DiscoveryEvent) {
        switch event {
        case .found(let service) where service.state == .unpaired:
            let address = PeerAddress(host: service.host, port: service.port)
            let known = byInstance[service.instance]
            guard known != nil || byInstance.count < Self.limit else { return }
            var addresses = known?.addresses.filter { $0.port == service.port } ?? []
            if !addresses.contains(address), addresses.count < Self.addressLimit { addresses.append(address) }
            byInstance[service.instance] = DiscoveredNode(
                instance: service.instance, id: service.id, name: service.name.cut(toUTF8: 63), version: service.version.cut(toUTF8: 32),
                addresses: addresses)
        case .found(let service):
            // It has joined some mesh.
            byInstance[service.instance] = nil
        case .lost(let instance):
            byInstance[instance] = nil
        case .status:
            break
        }
    }
}

/// A node that waits to be added to a mesh, as it says of itself.
public struct DiscoveredNode: Sendable, Hashable {
    /// What its service is called on the network, unique there.
    public let instance: String
    public let id: NodeID?
    /// For people.
    public let name: String
    public let version: String
    /// Where it waits for pairing.
    public let addresses: [PeerAddress]

    public init(instance: String, id: NodeID?, name: String, version: String, addresses: [PeerAddress]) {
        self.instance = instance
        self.id = id
        self.name = name
        self.version = version
        self.addresses = addresses
    }
}
