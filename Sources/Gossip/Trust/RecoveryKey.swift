/// The secret that outranks the root: to be printed and put in a drawer. It makes a new root when the old one, or every password that
/// opens it, is lost or stolen.
public struct RecoveryKey: Sendable, CustomStringConvertible {
    private static let digits = 64

    let key: SigningKey

    init(key: SigningKey) { self.key = key }

    /// What a person typed from the paper; spaces, dashes, line ends and capitals do not count. `nil` unless there are 64 hexadecimal
    /// digits.
    public init?(typed text: String) {
        guard text.utf8.count <= 1024 else { return nil }
        let digits = text.lowercased().filter { !$0.isWhitespace && $0 != "-" }
        guard digits.utf8.count == Self.digits, let seed = [UInt8](hexDigits: digits), let key = SigningKey(seed: seed) else { return nil }
        self.key = key
    }

    /// Eight groups of eight hexadecimal digits. Secret.
    public var printed: String {
        let digits = Array(key.seed.hexDigits)
        return stride(from: 0, to: digits.count, by: 8).map { String(digits[$0..<min($0 + 8, digits.count)]) }.joined(separator: " ")
    }

    public var description: String { "<recovery key>" }
}
