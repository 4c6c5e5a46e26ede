extension Settings {
    /// Every key with its default, limits, meaning and variable, as text for `meshcam run --help`.
    static func describe() -> String {
        var lines: [String] = []
        var section = ""
        for key in keys {
            if key.section != section {
                section = key.section
                lines += lines.isEmpty ? ["[\(section)]"] : ["", "[\(section)]"]
            }
            lines.append("  \(key.name)  (default: \(key.defaultText); \(key.expectation))")
            lines.append("      \(key.meaning). \(key.environmentName)")
        }
        return lines.joined(separator: "\n")
    }
}

extension SettingsKey {
    /// The default as the documentation states it: where it depends on machine or user, the rule instead of one machine's value.
    var defaultText: String {
        switch path {
        case "node.name": "the host name"
        case "node.state": "/var/lib/meshcam; not root: ~/.local/state/meshcam"
        case "storage.replica_bytes": "an eighth of the memory, 128 MiB to 512 MiB"
        case "node.spool": "/run/meshcam/spool; not root: below $XDG_RUNTIME_DIR"
        default: show(Settings(host: HostFacts(hostName: "", userID: 0, environment: [:])))
        }
    }
}
