/// Lays files and environment over the defaults, in the order they are given, and collects everything that is wrong.
///
/// A value: it opens nothing. Use ``Settings/load(config:environment:host:)`` to read a machine's files.
struct SettingsReader {
    private(set) var settings: Settings
    /// Who said what, by the key's path.
    private(set) var origins: [String: SettingsOrigin] = [:]
    private var problems: [SettingsProblem] = []

    private let keys = Dictionary(Settings.keys.map { ($0.path, $0) }) { first, _ in first }
    private let sections = Settings.keys.reduce(into: [String]()) { if !$0.contains($1.section) { $0.append($1.section) } }

    init(defaults: Settings) {
        settings = defaults
    }

    /// Takes note of a file or text that could not be read at all.
    mutating func add(_ error: SettingsError) {
        problems += error.problems
    }

    mutating func apply(_ document: TOMLDocument) {
        for entry in document.entries {
            let origin = SettingsOrigin.file(document.file, line: entry.line)
            let path = entry.path.joined(separator: ".")
            if let key = keys[path], entry.path.count == 2 {
                set(key, entry.value, origin)
            } else if entry.path.count == 1, sections.contains(path) {
                if entry.value != .table {
                    refuse(.wrongType, origin, path, " = \(entry.value.quoted): must be a table; write [\(path)] and its keys below")
                }
            } else {
                refuse(.unknownKey, origin, SettingsText.shown(path), unknown(entry.path))
            }
        }
    }

    /// Applies `MESHCAM_SECTION_KEY` variables. Those of no section are none of ours and stay alone.
    mutating func apply(environment: [String: String]) {
        let byName = Dictionary(Settings.keys.map { ($0.environmentName, $0) }) { first, _ in first }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("MESHCAM_") {
            let origin = SettingsOrigin.environment(name)
            if let key = byName[name] {
                set(key, key.value(ofVariable: text), origin)
            } else if sections.contains(where: { name.hasPrefix("MESHCAM_\($0.uppercased())_") }) {
                let meant = NearMiss.best(for: name, among: byName.keys.sorted())
                problems.append(
                    SettingsProblem(
                        kind: .unknownKey, origin: origin, key: nil,
                        message: "unknown variable" + (meant.map { "; did you mean \($0)?" } ?? "; `meshcam run --help` lists all")))
            }
        }
    }

    /// The result, if nothing is wrong.
    mutating func finish() throws(SettingsError) -> LoadedSettings {
        if problems.isEmpty { checkTogether() }
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        return LoadedSettings(settings: settings, origins: origins)
    }

    private mutating func set(_ key: SettingsKey, _ value: SettingsValue, _ origin: SettingsOrigin) {
        switch key.store(value, &settings) {
        case .stored: origins[key.path] = origin
        case .wrongType: refuse(.wrongType, origin, key.path, " = \(value.quoted): must be \(key.expectation)")
        case .notAllowed:
            refuse(.badValue, origin, key.path, " = \(value.quoted): must be \(key.allowed.isEmpty ? key.typeName : key.allowed)")
        }
    }

    private mutating func refuse(_ kind: SettingsProblem.Kind, _ origin: SettingsOrigin, _ key: String, _ message: String) {
        problems.append(SettingsProblem(kind: kind, origin: origin, key: key, message: message))
    }

    /// Completes "`path`" for a key nobody knows.
    private func unknown(_ path: [String]) -> String {
        let section = path.first ?? "", name = path.last ?? ""
        if path.count == 2, sections.contains(section) {
            let names = Settings.keys.filter { $0.section == section }.map(\.name)
            if let meant = NearMiss.best(for: name, among: names) { return ": unknown key; did you mean \(section).\(meant)?" }
            if let elsewhere = Settings.keys.first(where: { $0.name == name }) {
                return ": unknown key; did you mean \(elsewhere.path)?"
            }
            return ": unknown key; allowed in [\(section)]: \(names.joined(separator: ", "))"
        }
        if path.count == 1, let elsewhere = Settings.keys.first(where: { $0.name == name }) {
            return ": unknown key; did you mean \(elsewhere.path)? Write it below [\(elsewhere.section)]"
        }
        if let meant = NearMiss.best(for: section, among: sections) { return ": unknown section; did you mean [\(meant)]?" }
        return ": unknown section; allowed: " + sections.map { "[\($0)]" }.joined(separator: ", ")
    }

    /// Limits that concern two settings at once.
    private mutating func checkTogether() {
        if settings.recording.maximumClip < settings.recording.minimumClip {
            conflict("recording.maximum_clip", "recording.minimum_clip", "must be at least recording.minimum_clip")
        }
        let pair = [("network.certificate", settings.network.certificate), ("network.certificate_key", settings.network.certificateKey)]
        if let set = pair.first(where: { $0.1 != nil }), let missing = pair.first(where: { $0.1 == nil }) {
            refuse(.conflict, origins[set.0] ?? .byDefault, set.0, ": needs \(missing.0) as well")
        }
        let ports: [(key: String, port: Int?)] = [
            ("network.web_port", settings.network.webPort), ("network.http_port", settings.network.httpPort),
            ("network.peer_port", settings.network.peerPort), ("network.pairing_port", settings.network.pairingPort),
        ]
        for (index, one) in ports.enumerated() {
            for other in ports.dropFirst(index + 1) where one.port == other.port && one.port != nil && one.port != 0 {
                conflict(other.key, one.key, "must differ from \(one.key)")
            }
        }
    }

    /// Reports a conflict at whichever of the two somebody set, the first by preference.
    private mutating func conflict(_ first: String, _ second: String, _ rule: String) {
        let origin = origins[first] ?? origins[second] ?? .byDefault
        let shown = { [settings, keys] (path: String) in keys[path]?.show(settings) ?? "" }
        refuse(.conflict, origin, first, " = \(shown(first)): \(rule), which is \(shown(second))")
    }
}

/// Settings that were read and found good, and who set what.
struct LoadedSettings: Sendable, Equatable {
    var settings: Settings
    /// Where each key that is not at its default was set last, by path.
    var origins: [String: SettingsOrigin]

    /// Where a key was set.
    func origin(of path: String) -> SettingsOrigin { origins[path] ?? .byDefault }
}
