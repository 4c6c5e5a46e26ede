import Foundation
import Gossip

/// When the certificate that browsers see is made anew. A value: it reads no clock and makes nothing.
enum LeafPlan {
    /// What was made last, by this node's own authority.
    struct Made: Equatable {
        var places: BrowserCertificate.Places
        /// The certificate of this node's own authority then, DER.
        var authority: [UInt8]
        var begin: Date
        var end: Date
    }

    enum Decision: Equatable {
        case keep
        case make
        /// The mesh certifies this node no more: back to the self-signed one.
        case drop
    }

    /// No clock that is right says less: such a one has started at its zero, and nothing is dated by it.
    static let earliest = Date(timeIntervalSince1970: 1_767_225_600)

    /// - Parameters:
    ///   - places: what it is to be good for now.
    ///   - authority: the certificate of this node's own authority; `nil` while the mesh's has not certified it.
    ///   - now: by the wall clock, right or not. One that is a little wrong does no harm: the certificate begins a day ago, and is made
    ///     anew when the clock jumps out of its first half.
    static func decide(made: Made?, places: BrowserCertificate.Places, authority: [UInt8]?, now: Date) -> Decision {
        guard let authority else { return made == nil ? .keep : .drop }
        guard now >= earliest else { return .keep }
        guard let made else { return .make }
        let middle = made.begin + made.end.timeIntervalSince(made.begin) / 2
        return made.places == places && made.authority == authority && now >= made.begin && now < middle ? .keep : .make
    }
}
