import Foundation

/// Everything that members of a mesh must come to agree on, itself and not a hash of it: what the hash misses shows here.
package struct MeshContents: Sendable, Hashable {
    /// A node's record of one kind.
    package struct Record: Sendable, Hashable {
        package let boot: UInt32
        package let n: UInt64
        package let body: [UInt8]
    }

    package var records: [NodeID: [RecordKind: Record]] = [:]
    /// Values beside each other, as they were signed.
    package var config: [String: [[UInt8]]] = [:]
    /// What members are believed to be; a suspect counts as alive, because suspicion passes.
    package var standings: [NodeID: Standing] = [:]
    /// What the root signed.
    package var roster: Set<[UInt8]> = []

    package init() {}

    /// In what two differ, for people; empty where they are equal.
    package func differences(from other: Self) -> [String] {
        var found: [String] = []
        for node in Set(records.keys).union(other.records.keys).sorted() where records[node] != other.records[node] {
            let kinds = RecordKind.allCases.filter { records[node]?[$0] != other.records[node]?[$0] }
            found.append("\(kinds.map(\.description).joined(separator: ", ")) of \(node.short)")
        }
        for key in Set(config.keys).union(other.config.keys).sorted() where config[key] != other.config[key] { found.append("setting \(key)") }
        for node in Set(standings.keys).union(other.standings.keys).sorted() where standings[node] != other.standings[node] {
            found.append("standing of \(node.short)")
        }
        if roster != other.roster { found.append("roster") }
        return found
    }
}

extension GossipInstance {
    /// Whether this node keeps a record of which that is true.
    package func keepsRecord(where isSo: (_ of: NodeID, _ body: [UInt8]) -> Bool) -> Bool {
        state.records.contains { isSo($0.key.node, $0.value.body) }
    }

    /// What a node says of itself, as this one has heard it.
    package func recordBody(of node: NodeID, _ kind: RecordKind) -> [UInt8]? { state.record(node, kind)?.body }

    /// All that this node knows and others should too.
    package var contents: MeshContents {
        var contents = MeshContents()
        for (key, record) in state.records {
            contents.records[key.node, default: [:]][key.kind] =
                MeshContents.Record(boot: record.version.boot, n: record.version.n, body: record.body)
        }
        contents.config = config.byKey.mapValues { $0.map { Array($0.signed.body) } }
        contents.standings = membership.standings.mapValues(\.settled)
        contents.standings[id] = membership.standing(of: id)
        contents.roster = Set(roster.records.map { [UInt8(truncatingIfNeeded: $0.kind.rawValue)] + $0.body })
        return contents
    }
}
