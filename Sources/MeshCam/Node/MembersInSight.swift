import Gossip
import Synchronization

/// Where mDNS says that members of meshes are, for a node that belongs to none. Nothing of it is proven, and it is bounded.
final class MembersInSight: Sendable {
    private static let serviceLimit = 64
    private static let addressLimit = 4

    private struct Service {
        let mesh: MeshID
        var addresses: [PeerAddress]
    }

    private let services = Mutex<[String: Service]>([:])

    func follow(_ event: DiscoveryEvent) {
        switch event {
        case .found(let service):
            guard service.state == .mesh || service.state == .alone, let mesh = service.mesh, service.webPort > 0 else { return }
            let address = PeerAddress(host: service.host, port: service.webPort)
            services.withLock { services in
                var known = services[service.instance]?.addresses.filter { $0.port == address.port && $0 != address } ?? []
                guard services[service.instance] != nil || services.count < Self.serviceLimit else { return }
                known = known.suffix(Self.addressLimit - 1) + [address]
                services[service.instance] = Service(mesh: mesh, addresses: known)
            }
        case .lost(let instance): services.withLock { $0[instance] = nil }
        case .status: break
        }
    }

    /// Of one mesh, as `host:HTTPS port`.
    func addresses(of mesh: MeshID) -> [PeerAddress] {
        services.withLock { services in services.values.filter { $0.mesh == mesh }.flatMap(\.addresses) }
    }
}
