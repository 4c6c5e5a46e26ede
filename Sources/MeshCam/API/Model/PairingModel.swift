import Foundation
import Gossip
import Hummingbird

/// A camera that waits to be added, as `GET /discovered` lists it. It says all of this of itself; nothing is proven.
struct DiscoveredResource: Codable, Hashable, Sendable, Identifiable {
    /// NodeID in lower-case hexadecimal, or its service's name where it tells none.
    var id: String
    /// What it calls itself.
    var name: String
    var version: String
    /// Where it waits for pairing, `host:port`.
    var addresses: [String]

    init(_ node: DiscoveredNode) {
        id = node.id.map { "\($0)" } ?? node.instance
        name = node.name
        version = node.version
        addresses = node.addresses.map(\.description)
    }

    /// More addresses of one are not shown and not tried.
    private static let addressLimit = 8

    /// The same camera, seen from another node.
    mutating func merge(_ other: DiscoveredResource) {
        for address in other.addresses.prefix(Self.addressLimit) where addresses.count < Self.addressLimit && !addresses.contains(address) {
            addresses.append(address)
        }
    }

    /// What another node says, cut to what a person can use.
    var bounded: DiscoveredResource {
        var resource = self
        resource.id = String(id.prefix(64))
        resource.name = String(name.prefix(63))
        resource.version = String(version.prefix(32))
        resource.addresses = addresses.prefix(Self.addressLimit).map { String($0.prefix(80)) }
        return resource
    }
}

/// Body of `POST /pairings`.
struct PairingRequest: Codable, Sendable, CustomStringConvertible {
    /// Id or name from `GET /discovered`, or `host:port`.
    var node: String
    /// The nine digits.
    var code: String

    /// Without the code, so that it cannot reach a log by accident.
    var description: String { "PairingRequest(node: \(node))" }
}

/// Answer of `POST /pairings`: a member now.
struct PairingResource: Codable, Hashable, Sendable {
    /// NodeID in lower-case hexadecimal.
    var node: String
    var name: String
}

/// Body of `POST /session/unlock`.
struct UnlockRequest: Codable, Sendable, CustomStringConvertible {
    var passphrase: String
    var description: String { "UnlockRequest" }
}

/// Answer of `POST /session/unlock`.
struct UnlockResource: Codable, Hashable, Sendable {
    /// When the passphrase has to be typed again.
    var expires: Date
}

extension ProblemDetails {
    init(_ error: PairingError) {
        let (status, type): (Int, String) =
            switch error {
            case .wrongCode: (422, "wrong-code")
            case .paused: (429, "pairing-paused")
            case .busy: (409, "pairing-busy")
            case .silent: (504, "camera-silent")
            case .notGenuine, .noCommonVersion, .malformed, .unreachable: (502, "camera-not-added")
            case .notKept, .notAdmitted: (500, "camera-not-added")
            }
        let reason = error.reason
        self.init(
            type: "/problems/\(type)", title: "The camera was not added", status: status,
            detail: reason.prefix(1).uppercased() + reason.dropFirst() + ".", cure: error.cure)
    }
}

extension PairingError {
    /// How long to wait before the next try, where that is known.
    var retryAfter: Duration? {
        switch self {
        case .paused(let wait), .wrongCode(let wait): wait > .zero ? wait : nil
        default: nil
        }
    }
}
