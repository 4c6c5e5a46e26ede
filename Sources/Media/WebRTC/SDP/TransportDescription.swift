/// How the other side can be reached and known: ICE (RFC 8839), DTLS (RFC 8842) and its certificate (RFC 8122).
struct TransportDescription: Sendable, Hashable {
    /// Candidate lines that are kept; of more, the first.
    static let candidateLimit = 64
    static let fingerprintLimit = 8

    /// Who begins DTLS (RFC 4145 §4, RFC 5763 §5).
    enum Setup: String, Sendable, Hashable {
        case active
        case passive
        /// Either: the answer decides.
        case actpass
        case holdconn
    }

    var usernameFragment: String?
    var password: String?
    /// `a=ice-lite`: sends no checks.
    var isLite = false
    var options: [String] = []
    var fingerprints: [CertificateFingerprint] = []
    var setup: Setup?
    var candidates: [IceCandidate] = []
    /// `a=end-of-candidates`: none will be trickled (RFC 8838).
    var endOfCandidates = false

    init() {}

    var credentials: IceCredentials? {
        guard let usernameFragment, let password else { return nil }
        return IceCredentials(usernameFragment: usernameFragment, password: password)
    }

    /// Takes over what is missing here.
    mutating func complete(from other: TransportDescription) {
        if usernameFragment == nil, password == nil {
            usernameFragment = other.usernameFragment
            password = other.password
        }
        isLite = isLite || other.isLite
        if options.isEmpty { options = other.options }
        if fingerprints.isEmpty { fingerprints = other.fingerprints }
        if setup == nil { setup = other.setup }
        if candidates.isEmpty { candidates = other.candidates }
        endOfCandidates = endOfCandidates || other.endOfCandidates
    }

    /// Answers whether the attribute is one of the transport's.
    mutating func take(_ attribute: SDPAttribute, number: Int) throws(SDPError) -> Bool {
        switch attribute.name {
        case "ice-ufrag": usernameFragment = String(attribute.value)
        case "ice-pwd": password = String(attribute.value)
        case "ice-lite": isLite = true
        case "ice-options": options = attribute.words.prefix(16).map(String.init)
        case "setup":
            guard let setup = Setup(rawValue: String(attribute.value)) else { throw .malformed(line: number, expected: "a known setup") }
            self.setup = setup
        case "fingerprint":
            guard let fingerprint = CertificateFingerprint(attribute.value) else { throw .malformed(line: number, expected: "a fingerprint") }
            if fingerprints.count < Self.fingerprintLimit { fingerprints.append(fingerprint) }
        case "candidate":
            // A candidate that cannot be read is one way less, no reason to refuse the others.
            if case .candidate(let candidate) = CandidateLine("candidate:\(attribute.value)"), candidates.count < Self.candidateLimit {
                candidates.append(candidate)
            }
        case "end-of-candidates": endOfCandidates = true
        default: return false
        }
        return true
    }

    var lines: [String] {
        var lines: [String] = []
        if isLite { lines.append("a=ice-lite") }
        if let usernameFragment { lines.append("a=ice-ufrag:\(usernameFragment)") }
        if let password { lines.append("a=ice-pwd:\(password)") }
        if !options.isEmpty { lines.append("a=ice-options:" + options.joined(separator: " ")) }
        lines += fingerprints.map { "a=fingerprint:\($0)" }
        if let setup { lines.append("a=setup:\(setup.rawValue)") }
        lines += candidates.map { "a=\($0.line)" }
        if endOfCandidates { lines.append("a=end-of-candidates") }
        return lines
    }
}

/// The hash of a certificate (RFC 8122 §5): what ties the encrypted channel to the description.
struct CertificateFingerprint: Sendable, Hashable, CustomStringConvertible {
    /// In lower case: `sha-256`.
    var algorithm: String
    var bytes: [UInt8]

    init(algorithm: String, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// `sha-256 AB:CD:…`; nil for anything else.
    init?(_ text: Substring) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[1].utf8.count <= 3 * 64 else { return nil }
        algorithm = words[0].lowercased()
        bytes = []
        for digits in words[1].split(separator: ":", omittingEmptySubsequences: false) {
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let byte = UInt8(digits, radix: 16) else { return nil }
            bytes.append(byte)
        }
    }

    var description: String {
        let digits = bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "\(algorithm) " + digits.joined(separator: ":")
    }
}
