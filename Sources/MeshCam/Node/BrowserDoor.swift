import Foundation
import Gossip
import Logging
import Synchronization

/// Keeps the certificates that browsers see here: makes the mesh's when they are due, and reads the owner's.
final class BrowserDoor: Sendable {
    /// How often files, addresses and the clock are looked at.
    private static let interval = Duration.seconds(5)
    /// A machine with more is no camera.
    private static let addressLimit = 64

    private struct State {
        var mesh: BrowserCertificate?
        var made: LeafPlan.Made?
        var owner: OwnerCertificate?
        /// The shared value that was read last, and what it holds for this node.
        var shared: [UInt8] = []
        var authority: [UInt8]?
    }

    /// What handshakes ask.
    let shown: ShownCertificates
    /// What browsers may call this node, at its start.
    let places: BrowserCertificate.Places
    private let name: String
    private let identity: NodeIdentity
    private let gossip: GossipService
    private let logger: Logger
    private let state: Mutex<State>

    init(_ settings: Settings, identity: NodeIdentity, gossip: GossipService, logger: Logger) throws {
        name = settings.node.name
        self.identity = identity
        self.gossip = gossip
        self.logger = logger
        places = Self.places(name)
        shown = ShownCertificates(local: try .selfSigned(places, now: Date()))
        state = Mutex(State(owner: try CertificateFiles(settings.network).map { try OwnerCertificate($0) }))
        refresh(now: Date())
    }

    private static func places(_ name: String) -> BrowserCertificate.Places {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? name
        var names = ["\(host).local", "localhost"]
        if let own = HomeNames.mDNSName(of: name), !names.contains(own) { names.append(own) }
        return .init(names: names, addresses: Array((["127.0.0.1", "::1"] + InterfaceAddresses.current()).prefix(addressLimit)))
    }

    /// Until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                for await change in gossip.changes() {
                    switch change {
                    case .config(SharedConfigKey.browserCA), .record(identity.id, .node), .resync: refresh(now: Date())
                    default: break
                    }
                }
            }
            group.addTask { [self] in
                while (try? await ContinuousClock().sleep(for: Self.interval)) != nil { refresh(now: Date()) }
            }
        }
    }

    // MARK: Telling

    /// What is wrong with the owner's certificate.
    func problems(now: Date) -> [ProblemNote] { state.withLock { $0.owner?.problems(now: now) ?? [] } }

    /// What is shown now; the one for most names first.
    var resources: [CertificateResource.Shown] {
        state.withLock { state in
            [CertificateResource.Shown(state.mesh ?? shown.local, kind: state.mesh == nil ? .own : .mesh)]
                + [state.owner.map { CertificateResource.Shown($0.certificate, kind: .owner) }].compactMap { $0 }
        }
    }

    // MARK: Keeping

    /// Makes or reads anew what is due.
    func refresh(now: Date) {
        let shared = gossip.view.config[SharedConfigKey.browserCA] ?? []
        let places = Self.places(name).atHome
        state.withLock { state in
            if shared != state.shared {
                state.shared = shared
                state.authority = BrowserCertificates(bytes: shared)?.certificate(of: identity.id, publicKey: identity.browserAuthority.publicKey)
            }
            switch LeafPlan.decide(made: state.made, places: places, authority: state.authority, now: now) {
            case .keep: break
            case .drop: (state.mesh, state.made) = (nil, nil)
            case .make: make(&state, places, now)
            }
            if let news = state.owner?.refresh() { logger.notice("\(news)") }
            shown.set(mesh: state.mesh, owner: state.owner?.certificate)
        }
    }

    private func make(_ state: inout State, _ places: BrowserCertificate.Places, _ now: Date) {
        guard let authority = state.authority else { return }
        do {
            let new = try BrowserCertificate.issued(places, by: identity.browserAuthority, authority, now: now)
            state.mesh = new
            state.made = LeafPlan.Made(places: places, authority: authority, begin: new.facts.begin, end: new.facts.end)
            logger.info("browsers that trust the mesh's authority see a certificate until \(new.facts.end.day)")
        } catch {
            logger.error("no certificate for browsers could be made: \(error)")
        }
    }
}

extension Date {
    /// `2026-12-31`, UTC.
    var day: String { formatted(.iso8601.year().month().day()) }
}
