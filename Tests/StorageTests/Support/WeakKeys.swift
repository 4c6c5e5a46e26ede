@testable import Storage

extension FootageKeys {
    /// Signatures that are easy to make and to tell apart: what is said by whom, and a sum of its bytes. Anybody can make anybody's.
    static let weak = of(.nodeA)

    static func of(_ node: String) -> FootageKeys {
        FootageKeys { signature(of: $0, node, $1) } verify: { $3 == signature(of: $0, $1, $2) }
    }

    private static func signature(of statement: Statement, _ node: String, _ bytes: [UInt8]) -> [UInt8] {
        var sum: UInt64 = switch statement {
        case .facts: 1
        case .head: 2
        case .witness: 3
        case .discovery: 4
        }
        for byte in Array(node.utf8) + bytes { sum = sum &* 0x100_0000_01b3 ^ UInt64(byte) }
        return (0..<8).flatMap { word in withUnsafeBytes(of: (sum &+ UInt64(word)).bigEndian) { Array($0) } }
    }
}
