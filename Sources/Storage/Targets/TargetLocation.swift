/// Where a storage target is, without what it takes to be let in.
public struct TargetLocation: Hashable, Sendable, Codable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// An absolute path: a disk, or a share that the system has mounted.
        case directory(String)
        /// A share that is spoken to in user space, MS-SMB2: `smb://host[:port]/share[/folder]`.
        case smb(host: String, port: Int?, share: String, folder: String)
    }

    public let kind: Kind

    /// What is wrong with a text that names no target.
    public struct Malformed: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter text: an absolute path, or `smb://host[:port]/share[/folder]`. Names and passwords have no place in it.
    public init(_ text: String) throws(Malformed) {
        guard text.utf8.count <= 1000, !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw Malformed(description: "a storage target is at most 1000 characters on one line")
        }
        if text.hasPrefix("/") {
            guard let path = Self.clean(text.split(separator: "/")) else { throw Malformed(description: "'\(text)' must not contain '.' or '..'") }
            kind = .directory("/" + path)
        } else if text.lowercased().hasPrefix("smb://") {
            kind = try Self.smb(text.dropFirst(6))
        } else {
            throw Malformed(description: "'\(text)' is no storage target: give an absolute path or smb://HOST/SHARE")
        }
    }

    private static func smb(_ text: Substring) throws(Malformed) -> Kind {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let authority = parts.first, !authority.isEmpty else { throw Malformed(description: "smb:// needs a host: smb://HOST/SHARE") }
        guard !authority.contains("@") else { throw Malformed(description: "give user and password apart, not in the address") }
        let (host, port) = try hostAndPort(authority)
        let path = parts.dropFirst().filter { !$0.isEmpty }
        guard let share = path.first else { throw Malformed(description: "smb://\(authority) names no share: smb://\(authority)/SHARE") }
        guard clean([share]) != nil, let folder = clean(Array(path.dropFirst())) else {
            throw Malformed(description: "a share's folder must not contain '.', '..' or '\\'")
        }
        return .smb(host: host, port: port, share: String(share), folder: folder)
    }

    private static func hostAndPort(_ authority: Substring) throws(Malformed) -> (String, Int?) {
        var host = authority
        var port: Int?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw Malformed(description: "an IPv6 address ends with ']'") }
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw Malformed(description: "'\(rest)' after the address means nothing") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            if !rest.isEmpty { port = try number(rest.dropFirst()) }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            guard !host.contains(":") else { throw Malformed(description: "an IPv6 address stands in brackets: smb://[\(authority)]/SHARE") }
            port = try number(authority[authority.index(after: colon)...])
        }
        let isHost = !host.isEmpty && host.utf8.count <= 253 && host.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d || byte == 0x2e || byte == 0x3a
                || byte == 0x5f || byte == 0x25
        }
        guard isHost else { throw Malformed(description: "'\(host)' is no host name and no address") }
        return (host.lowercased(), port)
    }

    private static func number(_ text: Substring) throws(Malformed) -> Int {
        guard let port = Int(text), (1...65535).contains(port) else { throw Malformed(description: "a port is a number from 1 to 65535") }
        return port
    }

    /// Parts that are names and nothing else, joined; nil where one is not.
    private static func clean(_ parts: [Substring]) -> String? {
        parts.contains { $0 == "." || $0 == ".." || $0.contains("\\") } ? nil : parts.joined(separator: "/")
    }

    /// As it is written in settings; the same target is always written alike.
    public var description: String {
        switch kind {
        case .directory(let path): path
        case .smb(let host, let port, let share, let folder):
            "smb://\(host.contains(":") ? "[\(host)]" : host)\(port.map { ":\($0)" } ?? "")/\(share)\(folder.isEmpty ? "" : "/\(folder)")"
        }
    }

    /// What people call it: the last part of its path.
    public var name: String { description.split(separator: "/").last.map(String.init) ?? description }

    public init(from decoder: any Decoder) throws {
        self = try Self(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What a target wants to know before it lets anybody in. Never logged.
public struct TargetCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    public var user: String
    public var password: String
    /// Domain or work group; usually empty.
    public var domain: String

    /// A guest.
    public static let none = TargetCredentials(user: "", password: "")

    public init(user: String, password: String, domain: String = "") {
        self.user = user
        self.password = password
        self.domain = domain
    }

    public var description: String { user.isEmpty ? "<guest>" : "<credentials of \(user)>" }
    public var debugDescription: String { description }
}
