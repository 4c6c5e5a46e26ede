/// The name fragment and password that one side made up for one generation of ICE (RFC 8445 §5.3, RFC 8839 §5.4).
struct IceCredentials: Sendable, Hashable {
    /// 4 to 256 characters of `ice-char`.
    let usernameFragment: String
    /// 22 to 256 characters of `ice-char`; whoever knows it may answer checks.
    let password: String

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// nil for what RFC 8839 §5.4 does not allow.
    init?(usernameFragment: String, password: String) {
        guard (4...256).contains(usernameFragment.utf8.count), (22...256).contains(password.utf8.count),
            usernameFragment.utf8.allSatisfy(Self.isAllowed), password.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        self.usernameFragment = usernameFragment
        self.password = password
    }

    /// Fresh ones: 48 and 144 random bits. All datagrams of a port are told apart by the fragment, so that it must not repeat either.
    init(using random: inout some RandomNumberGenerator) {
        usernameFragment = Self.text(8, using: &random)
        password = Self.text(24, using: &random)
    }

    private static func text(_ count: Int, using random: inout some RandomNumberGenerator) -> String {
        String(decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<64, using: &random)] }, as: UTF8.self)
    }

    /// Besides `ice-char` a few marks that some implementations use, none of which can end a line or an attribute.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        alphabet.contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "=")
    }

    var key: [UInt8] { Array(password.utf8) }
}
