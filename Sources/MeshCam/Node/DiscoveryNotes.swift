import Foundation
import Gossip
import Logging
import Storage

/// The notes by which nodes find each other on a storage target that they share, where multicast does not reach.
extension NodeServices {
    /// While somebody is missed, notes are looked at this often.
    private static let notesInterval = Duration.seconds(60)
    /// At first sooner: whoever was away finds nobody where they were.
    private static let firstLook = Duration.seconds(5)

    /// Writes this node's own note anew whenever it is somewhere else, until the task is cancelled.
    func keepDiscoveryNote() async {
        let changes = gossip.changes()
        var last: DiscoveryNote?
        func write() {
            let note = ownNote
            guard note != last else { return }
            last = note
            let mesh = gossip.view.meshID
            store.discoveryNote = note.file { [identity] in identity.sign($0, domain: .discovery, mesh: mesh) }
        }
        write()
        for await change in changes {
            switch change {
            case .record(identity.id, .node), .resync: write()
            default: break
            }
        }
    }

    private var ownNote: DiscoveryNote {
        let addresses = gossip.view.members.first { $0.isSelf }?.node?.addresses ?? []
        let dashboards = (browserDoor.places.names.prefix(2) + browserDoor.places.addresses.dropFirst(2)).map { "https://\($0):\(settings.network.webPort)" }
        let port = gossip.boundPort ?? settings.network.gossipPort
        return DiscoveryNote(
            camera: id, name: name, node: id, addresses: dashboards, gossip: addresses.map { "\(PeerAddress(host: $0, port: port))" })
    }

    /// Looks for members that do not answer in the notes that they left, until the task is cancelled.
    func readDiscoveryNotes(logger: Logger) async {
        var pause = Self.firstLook
        while (try? await ContinuousClock().sleep(for: pause)) != nil {
            pause = Self.notesInterval
            let missed = Set(gossip.view.members.filter { !$0.isSelf && !$0.isReachable }.map { "\($0.id)" })
            // A NAS may sleep while nobody is missed.
            guard !missed.isEmpty else { continue }
            let roster = gossip.view.roster
            let mesh = gossip.view.meshID
            let notes = await store.discoveryNotes { file in
                DiscoveryNote(signed: file) { node, bytes, signature in
                    guard let node = NodeID(hex: node), let admission = roster.admission(of: node) else { return false }
                    return admission.verifies(signature, of: bytes, domain: .discovery, mesh: mesh)
                }
            }
            for note in notes where missed.contains(note.node) {
                guard let node = NodeID(hex: note.node) else { continue }
                let addresses = note.gossip.compactMap { PeerAddress(parsing: $0, defaultPort: settings.network.gossipPort) }.filter { NameLookup.isAddress($0.host) }
                logger.debug("\(note.name) left a note where it is", metadata: ["node": "\(node.short)", "addresses": "\(note.gossip.joined(separator: " "))"])
                await gossip.heard(of: node, at: addresses)
            }
        }
    }
}
