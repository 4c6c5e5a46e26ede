import CAvahi

/// The TXT record of a service, to and from avahi's lists.
enum AvahiText {
    /// To be freed by the caller.
    static func list(_ announcement: ServiceAnnouncement) -> UnsafeMutablePointer<AvahiStringList>? {
        var list: UnsafeMutablePointer<AvahiStringList>?
        let pairs = [
            "id=\(announcement.id)", "name=\(announcement.name)", "st=\(announcement.state.rawValue)",
            "mesh=\(announcement.mesh.map { "\($0)" } ?? "")", "v=\(announcement.version)", "gp=\(announcement.gossipPort)",
            "wp=\(announcement.webPort)",
        ]
        for pair in pairs { list = avahi_string_list_add(list, pair.cut(toUTF8: 255)) }
        return list
    }

    /// Whatever stands there: nothing of it is trusted.
    static func service(_ instance: String, host: String, port: Int, text: UnsafeMutablePointer<AvahiStringList>?) -> DiscoveredService {
        var pairs: [String: String] = [:]
        var next = text
        while let entry = next, pairs.count < 32 {
            next = avahi_string_list_get_next(entry)
            guard let bytes = avahi_string_list_get_text(entry) else { continue }
            let line = UnsafeBufferPointer(start: bytes, count: avahi_string_list_get_size(entry))
            guard let separator = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            pairs[String(decoding: line[..<separator], as: UTF8.self)] = String(decoding: line[(separator + 1)...], as: UTF8.self)
        }
        return DiscoveredService(
            instance: instance, id: pairs["id"].flatMap { NodeID(hex: $0) }, name: pairs["name"] ?? instance,
            state: pairs["st"].flatMap(ServiceAnnouncement.State.init(rawValue:)), mesh: pairs["mesh"].flatMap { MeshID(hex: $0) },
            version: pairs["v"] ?? "", host: host, port: port,
            gossipPort: pairs["gp"].flatMap { Int($0) }.flatMap { (1...65535).contains($0) ? $0 : nil } ?? 7462,
            webPort: pairs["wp"].flatMap { Int($0) }.flatMap { (1...65535).contains($0) ? $0 : nil } ?? 0)
    }
}
