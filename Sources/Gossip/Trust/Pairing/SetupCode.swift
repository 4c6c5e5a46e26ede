/// The code that shows a person's right to a new camera: nine digits, on its console, its card or its label.
///
/// Eight are random and are the password of the ``PairingInitiator``'s and ``PairingResponder``'s handshake; the ninth is a check digit
/// after Damm (2004), which tells every single mistyped digit and every swap of two neighbours before a guess is wasted on it.
public struct SetupCode: Sendable, Hashable {
    /// All nine, `0` to `9`. Secret.
    let digits: [UInt8]

    /// A new code.
    public init() {
        var rng = SystemRandomNumberGenerator()
        let random = (0..<8).map { _ in UInt8.random(in: 0...9, using: &rng) }
        digits = random + [Self.checkDigit(of: random)]
    }

    /// What a person typed or a card says; spaces, dashes and dots do not count. `nil` unless these are nine digits that belong together.
    public init?(typed text: some StringProtocol) {
        var digits: [UInt8] = []
        for character in text.unicodeScalars {
            switch character {
            case "0"..."9" where digits.count < 9: digits.append(UInt8(character.value - 0x30))
            case " ", "-", ".", "\n", "\r", "\t", "\u{a0}": continue
            default: return nil
            }
        }
        guard digits.count == 9, Self.checkDigit(of: digits.prefix(8)) == digits[8] else { return nil }
        self.digits = digits
    }

    /// In groups of three, as people read it. Secret.
    public var printed: String {
        [digits[0..<3], digits[3..<6], digits[6..<9]].map { $0.map(String.init).joined() }.joined(separator: " ")
    }

    /// The password of the handshake (mesh.md §2): the eight random digits in ASCII.
    var password: [UInt8] { digits.prefix(8).map { $0 + 0x30 } }

    /// Damm, "Total anti-symmetrische Quasigruppen" (2004): its quasigroup of order 10.
    static func checkDigit(of digits: some Sequence<UInt8>) -> UInt8 {
        digits.reduce(0) { quasigroup[Int($0)][Int($1)] }
    }

    private static let quasigroup: [[UInt8]] = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2], [7, 0, 9, 2, 1, 5, 4, 8, 6, 3], [4, 2, 0, 6, 8, 7, 1, 3, 5, 9], [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8], [3, 6, 7, 4, 2, 0, 9, 5, 8, 1], [5, 8, 6, 9, 7, 2, 0, 1, 3, 4], [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5], [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ]
}

extension SetupCode: CustomStringConvertible, CustomReflectable {
    public var description: String { "<setup code>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
