import Crypto
import Foundation
import Storage

/// Answer of `GET /storage`: where footage goes, how that is, and what has not reached it yet.
struct StorageResource: Codable, Hashable, Sendable {
    var targets: [StorageTargetResource]
    /// What each node still holds in memory.
    var nodes: [NodeStorageResource]
    /// Nodes that are not in this answer.
    var missing: [MissingNode]
}

/// One storage target, as all nodes see it.
struct StorageTargetResource: Codable, Hashable, Sendable, Identifiable {
    /// 16 hexadecimal digits, made of the location.
    var id: String
    /// An absolute path, or `smb://host[:port]/share[/folder]`.
    var location: String
    /// What people call it: the last part of the location.
    var name: String
    /// Who set it.
    var scope: StorageScope
    /// Who signs in there. Absent: nobody, a guest.
    var user: String?
    /// How each node reaches it.
    var reach: [TargetReach]
}

/// Who set a target. Open: a newer node may send a word this one does not know.
struct StorageScope: RawRepresentable, Codable, Hashable, Sendable {
    let rawValue: String

    /// The mesh's configuration: all nodes use it.
    static let mesh = StorageScope(rawValue: "mesh")
    /// A node's own file of settings: that node alone uses it.
    static let node = StorageScope(rawValue: "node")
}

/// How one node reaches a target.
struct TargetReach: Codable, Hashable, Sendable {
    /// NodeID.
    var node: String
    var nodeName: String
    /// What is wrong, with its cure; absent: it works.
    var problem: ProblemNote?
    /// Of the file system behind it, as that node is told. Absent while unknown.
    var freeBytes: Int64?
    var totalBytes: Int64?
    /// What that node and another one found out together. Absent: nothing yet.
    var sharing: SharingResource?
}

/// Whether two nodes have the same storage there, and whether only one of them can make a file that both want.
struct SharingResource: Codable, Hashable, Sendable {
    /// `exclusive`: as it should be. `two-winners`, `late`: recordings are safe, but nothing is trimmed there by itself. `apart`: it is not the same storage. Open.
    var state: String
    /// NodeID of the other one, and its name.
    var with: String
    var withName: String
    /// What is wrong. Absent: nothing is.
    var problem: ProblemNote?
}

/// What one node still holds in memory.
struct NodeStorageResource: Codable, Hashable, Sendable {
    /// NodeID.
    var node: String
    var nodeName: String
    /// Video bytes in memory that not every target has written.
    var spooledBytes: Int64
    /// Most that it may hold.
    var spoolLimitBytes: Int64
    /// Closed clips that no target holds whole.
    var waitingClips: Int
    /// Why they wait, in words; absent: nothing waits.
    var reason: String?
    /// How soon what it recorded lately was safe outside it. Absent: nothing was recorded in its present run.
    var safeOutside: DepartureResource?
    /// Its local disk. Absent: it has none.
    var disk: LocalDiskResource?
    /// What was recorded in its present run and is lost, oldest first; at most 100. Absent: nothing is.
    var losses: [LossResource]?
}

/// From a fragment's last picture until a storage had made it durable, or another node had taken it: what a thief may take along.
struct DepartureResource: Codable, Hashable, Sendable {
    /// So many were looked at: the newest, at most 1024.
    var fragments: Int
    /// Seconds: the median, and what 99 of a hundred keep.
    var p50Seconds, p99Seconds: Double
}

/// A node's local disk: its only storage where the mesh has none, else the last place for what waits.
struct LocalDiskResource: Codable, Hashable, Sendable {
    var path: String
    /// Video bytes there, and how many there may be.
    var usedBytes: Int64
    var quotaBytes: Int64
    /// What is wrong with it. Absent: it works.
    var problem: ProblemNote?
}

/// A stretch of a recording that nobody has. Also the data of the event `storage` of `GET /events`, the moment it is known.
struct LossResource: Codable, Hashable, Sendable {
    /// Camera id, and its name.
    var camera: String
    var cameraName: String
    /// Clip id.
    var clip: String
    /// By the camera's clock.
    var start: Date
    var end: Date
    /// `memory-full`: no storage and no peer took it in time. `peer-let-go`: a peer had taken it, and did not keep it. `disk-failed`: the local disk
    /// had it, and cannot be read. `deleted`: on the storage, while it was written. Open.
    var reason: String
}

/// Body of `POST /storage/targets`.
struct NewStorageTarget: Codable, Sendable, CustomStringConvertible {
    /// An absolute path that every node has, or `smb://host[:port]/share[/folder]`.
    var location: String
    /// Who signs in there. Absent: nobody, a guest.
    var user: String?
    var password: String?
    /// Domain or work group; rarely needed.
    var domain: String?

    /// Without the password, so that it cannot reach a log by accident.
    var description: String { "NewStorageTarget" }
}

/// Body of `PATCH /storage/targets/{id}`. What is absent stays.
struct StorageTargetChange: Codable, Sendable, CustomStringConvertible {
    var user: String?
    var password: String?
    var domain: String?

    var description: String { "StorageTargetChange" }
}

extension StorageTargetResource {
    /// The id of the target at that location, the same at every node.
    static func id(of location: TargetLocation) -> String { Array(SHA256.hash(data: Array("\(location)".utf8)).prefix(8)).hexText }
}
