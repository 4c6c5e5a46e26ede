// Local scaffold
public import Foundation
public import Logging
public import NIOSSL
public import NIOCore
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible { public var description: String { "" }; public var short: String {""}; public init?(hex: String) { nil }; public static func < (a: NodeID, b: NodeID) -> Bool { false } }
public struct EventID: Hashable, Sendable, CustomStringConvertible { public var description: String { "" }; public init?(hex: String) { nil } }
public struct MeshID: Hashable, Sendable, CustomStringConvertible { public var description: String { "" } }
public enum SignatureDomain: Sendable { case manifest }
public struct NodeIdentity: Sendable { public enum Origin: Sendable { case loaded, created, replaced(String) }
  public var id: NodeID { fatalError() }; public var boot: UInt32 {0}; public var origin: Origin {.loaded}; public var tlsCertificateDER: [UInt8] {[]}
  public struct Public: Sendable {}
  public var publicIdentity: Public { Public() }
  public static func loadOrCreate(in: String, board: BoardSerial) throws -> NodeIdentity { fatalError() }
  public func sign(_ b: [UInt8], domain: SignatureDomain, mesh: MeshID) -> [UInt8] {[]} }
public struct BoardSerial: Sendable { public static func current() -> BoardSerial { fatalError() } }
public struct Admission: Sendable { public func verifies(_ s: [UInt8], of: [UInt8], domain: SignatureDomain, mesh: MeshID) -> Bool { false } }
public struct SignedRecord: Sendable {}
public struct Roster: Sendable { public init(genesis: Genesis) {}; public func admission(of: NodeID) -> Admission? { nil }; public mutating func merge(_ r: [SignedRecord]) {}; public var records: [SignedRecord] {[]} }
public struct SharedConfig: Sendable { public init() {}; public mutating func merge(_ o: SharedConfig, roster: Roster) {}; public subscript(k: String) -> [UInt8]? { nil }; public mutating func set(_ k: String, _ v: [UInt8], by: AdminKey, mesh: MeshID) {} }
public struct Genesis: Sendable { public var meshID: MeshID { fatalError() }; public static func load(from: String) throws -> Genesis { fatalError() }; public func write(to: String) throws {} }
public struct RootKey: Sendable { public static func load(from: String) throws -> RootKey { fatalError() }; public func write(to: String) throws {}; public func certify(admin: [UInt8], name: String, serial: UInt64) -> SignedRecord { fatalError() }; public func admit(_ n: NodeIdentity.Public, name: String, serial: UInt64) -> SignedRecord { fatalError() } }
public struct RecoveryKey: Sendable {}
public struct AdminKey: Sendable { public static func generate() -> AdminKey { fatalError() }; public static func load(from: String) throws -> AdminKey { fatalError() }; public func write(to: String) throws {}; public var publicKey: [UInt8] {[]} }
public enum Founding { public static func found(name: String) -> (Genesis, RootKey, RecoveryKey) { fatalError() } }
public struct TrustStore: Sendable { public init(genesis: Genesis, roster: Roster, config: SharedConfig) {}; public var meshID: MeshID { fatalError() }; public var roster: Roster { fatalError() }; public var config: SharedConfig { fatalError() }; public static func load(from: String) throws -> TrustStore? { nil }; public func save(to: String) throws {} }
public enum RecordKind: UInt8, Sendable, Hashable { case node = 1, cameras, storage, clips, sessions, events }
public struct PeerAddress: Sendable, Hashable { public var host: String; public var port: Int }
public struct RecordBody: Sendable { public var bytes: [UInt8] }
public enum Status: Sendable, Hashable { case alive, suspect, dead, left }
public struct Member: Sendable { public var id: NodeID; public var name: String; public var status: Status; public var isSelf: Bool; public var addresses: [PeerAddress]; public var node: NodeRecord?; public var certificateDER: [UInt8]?; public var lastHeard: ContinuousClock.Instant?; public var records: [RecordKind: RecordBody] }
public struct MeshView: Sendable { public var members: [Member]; public var roster: Roster; public var config: SharedConfig; public var meshID: MeshID }
public enum MeshChange: Sendable { case member(NodeID, Status), record(NodeID, RecordKind), config(String), roster, resync }
public struct TriggerDraft: Sendable { public init(group: String, kind: String, label: String?, incident: EventID?, camera: String, age: Duration) {} }
public struct GroupTrigger: Sendable { public var id: EventID; public var incident: EventID; public var origin: NodeID; public var camera: String; public var group: String; public var kind: String; public var label: String?; public var occurred: ContinuousClock.Instant }
public struct GossipSettings: Sendable { public init(port: Int, peerPort: Int, seeds: [String]) {} }
public protocol PeerExchange: Sendable { func exchange(with: Member, _ r: [UInt8]) async throws -> [UInt8] }
public protocol Discovery: Sendable {}
public final class AvahiDiscovery: Discovery { public enum Status: Sendable { case running, noDaemon(String) }; public init(logger: Logger) {}; public var status: Status { .running }; public static func probe() async -> Status { .running } }
public actor GossipService {
  public init(settings: GossipSettings, identity: NodeIdentity, trust: TrustStore, discovery: (any Discovery)?, peers: any PeerExchange, node: NodeRecord, logger: Logger) {}
  public func run() async throws {}
  public nonisolated var view: MeshView { fatalError() }
  public func publish(_ k: RecordKind, _ b: [UInt8]) {}
  public nonisolated func changes() -> AsyncStream<MeshChange> { fatalError() }
  public func trigger(_ d: TriggerDraft) -> EventID { fatalError() }
  public nonisolated func triggers() -> AsyncStream<GroupTrigger> { fatalError() }
  public func answer(peer: NodeID, _ r: [UInt8]) -> [UInt8] { [] }
  public nonisolated var boundPort: Int? { nil }
}
public enum PeerTLS {
  public static func server(identity: NodeIdentity, roster: @escaping @Sendable () -> Roster) throws -> (TLSConfiguration, @Sendable ([NIOSSLCertificate], EventLoopPromise<NIOSSLVerificationResult>) -> Void) { fatalError() }
  public static func client(identity: NodeIdentity, to: [UInt8]) throws -> TLSConfiguration { fatalError() }
  public static func nodeID(of: NIOSSLCertificate, roster: Roster) -> NodeID? { nil }
  public struct Leaf: Sendable { public var certificate: NIOSSLCertificate; public var key: NIOSSLPrivateKey; public var certificateDER: [UInt8]; public var certificatePEM: String }
  public static func browserLeaf(names: [String], addresses: [String], now: Date) throws -> Leaf { fatalError() }
}
public enum PasswordHash { public static func make(_ p: String) throws -> String { "" }; public static func verify(_ p: String, against: String) -> Bool { false } }
public func secureRandomBytes(_ n: Int) -> [UInt8] { [] }
public enum InterfaceAddresses { public static func current() -> [String] { [] } }
public struct NodeRecord: Sendable { public init() {}; public var name = ""; public var addresses: [String] = []; public var peerPort: UInt32 = 0; public var webPort: UInt32 = 0; public var version = ""; public var tlsCertificate = Data() }
public protocol StubMessage {}
extension StubMessage { public init(serializedBytes: [UInt8]) throws { fatalError() }; public func serializedBytes() throws -> [UInt8] { [] } }
public struct CamerasRecord: StubMessage, Sendable { public init() {}; public struct Camera: Sendable { public init() {}; public var id = "", name = "", codec = ""; public var groups: [String] = []; public var width: UInt32 = 0, height: UInt32 = 0; public var fps: Float = 0 }; public var cameras: [Camera] = [] }
public struct SessionsRecord: StubMessage, Sendable { public init() {}; public struct Session: Sendable { public init() {}; public var hash = Data(); public var user = "", role = ""; public var expiresUnix: Int64 = 0 }; public var sessions: [Session] = [] }
public struct UsersConfig: StubMessage, Sendable { public init() {}; public struct User: Sendable { public init() {}; public var name = "", role = "", passwordHash = "" }; public var users: [User] = [] }
