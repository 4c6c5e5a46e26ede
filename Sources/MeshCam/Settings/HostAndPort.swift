/// A host name or address with an optional port, as written in settings: `porch.local`, `10.0.0.7:7462`, `[fe80::1%eth0]:7462`.
struct HostAndPort: Sendable, Equatable {
    /// Without the brackets of an IPv6 address.
    var host: String
    /// Nil where none was written.
    var port: Int?

    /// Nil when the text is neither.
    init?(_ text: String) {
        guard text.utf8.count <= 300, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let rest: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let address = text[text.index(after: text.startIndex)..<close]
            guard address.contains(":"), !address.contains("[") else { return nil }
            host = String(address)
            rest = text[text.index(after: close)...]
        } else if text.filter({ $0 == ":" }).count > 1 {
            host = text  // an IPv6 address without brackets cannot carry a port
            rest = ""
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = String(text[..<end])
            rest = text[end...]
        }
        guard !host.isEmpty, !host.contains(where: { "/@?#[]".contains($0) }) else { return nil }
        if rest.isEmpty { return }
        guard rest.first == ":", let number = Int(rest.dropFirst()), (1...65535).contains(number), rest.dropFirst().first != "+"
        else { return nil }
        port = number
    }
}
