import Foundation
import Gossip

/// The secret that lets programs on this machine use the node: only who may read its access file knows it.
struct LocalToken: Sendable {
    let value: String

    init() { value = Data(secureRandomBytes(32)).base64URL }

    /// Takes the same time whatever the difference is.
    func accepts(token: String) -> Bool {
        let (a, b) = (Array(token.utf8), Array(value.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
