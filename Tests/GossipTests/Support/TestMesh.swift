import Crypto
import Foundation
import Simulation

@testable import Gossip

/// Identities and a founded mesh, made once: keys are slow to make, and no test cares which they are.
struct TestMesh: Sendable {
    let genesis: Genesis
    let root: RootKey
    let admin: AdminKey
    let identities: [NodeIdentity]
    let roster: Roster

    static let shared = TestMesh(nodes: 10)

    init(nodes: Int, name: String = "shared") {
        let root: RootKey
        (genesis, root, _) = Founding.found(name: "test")
        self.root = root
        admin = AdminKey()
        // The same keys in every process: ids order many things, and a seed is to give the same run everywhere.
        identities = (0..<nodes).map { number in
            let seed = blake2b([UInt8](name.utf8) + [UInt8(number)], length: 32)
            guard let identity = NodeIdentity(signSeed: seed, dhSecret: seed, tlsKey: .init(), board: BoardSerial("test")) else {
                fatalError("no identity from a seed")
            }
            return identity
        }
        var records = identities.enumerated().map { root.admit($1.public, name: "node\($0)", serial: 1) }
        records.append(root.certify(admin.publicKey, name: "admin", serial: 1))
        var roster = Roster(genesis: genesis)
        roster.merge(records)
        self.roster = roster
    }

    /// The same for the simulator.
    var keys: MeshKeys { MeshKeys(genesis: genesis, root: root, admin: admin, identities: identities, roster: roster) }

    /// A new identity from a directory of its own.
    static func identity() -> NodeIdentity {
        let directory = TemporaryDirectory()
        do {
            return try NodeIdentity.loadOrCreate(in: directory.path, board: BoardSerial("test"))
        } catch {
            fatalError("no identity: \(error)")
        }
    }
}

/// A directory that goes when nobody holds it any more.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "meshcam-gossip-" + secureRandomBytes(8).map { String($0, radix: 16) }.joined()
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
