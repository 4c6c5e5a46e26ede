import Foundation

/// One key of `meshcam.toml`: its name, its limits, its meaning, and the property it sets.
struct SettingsKey: Sendable {
    /// What became of a value.
    enum Outcome: Equatable { case stored, wrongType, notAllowed }

    /// Table in the file, e.g. `camera`.
    let section: String
    /// Key in that table, e.g. `bit_rate`.
    let name: String
    /// One sentence for the reader.
    let meaning: String
    /// Type with its article.
    let typeName: String
    /// Completes "must be …". Empty when the type says it all.
    let allowed: String
    let form: SettingsForm
    /// Sets the property if the value is allowed; otherwise leaves everything alone.
    let store: @Sendable (SettingsValue, inout Settings) -> Outcome
    /// The property's value, in words.
    let show: @Sendable (Settings) -> String

    /// `section.name`.
    var path: String { "\(section).\(name)" }
    /// `MESHCAM_SECTION_NAME`.
    var environmentName: String { "MESHCAM_\(section)_\(name)".uppercased() }
    /// Completes "must be …" for a reader who may not know the type.
    var expectation: String { allowed.isEmpty ? typeName : "\(typeName), \(allowed)" }

    init<Value>(
        _ path: String, _ property: any WritableKeyPath<Settings, Value> & Sendable, _ type: SettingsType<Value>,
        _ meaning: String
    ) {
        let parts = path.split(separator: ".", maxSplits: 1)
        section = parts.first.map(String.init) ?? ""
        name = parts.dropFirst().first.map(String.init) ?? ""
        self.meaning = meaning
        typeName = type.name
        allowed = type.allowed
        form = type.form
        let read = type.read, show = type.show
        store = { value, settings in
            switch read(value) {
            case .value(let value):
                settings[keyPath: property] = value
                return .stored
            case .wrongType: return .wrongType
            case .notAllowed: return .notAllowed
            }
        }
        self.show = { show($0[keyPath: property]) }
    }

    /// An environment variable's text as the value a file would hold. Lists are separated by commas, an empty text is an empty list.
    func value(ofVariable text: String) -> SettingsValue {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        switch form {
        case .text: return .text(text)
        case .texts:
            let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return .list(parts.filter { !$0.isEmpty }.map { .text($0) })
        case .integer, .integerOrText: return Int(trimmed).map { .integer($0) } ?? .text(text)
        case .number: return Int(trimmed).map { .integer($0) } ?? Double(trimmed).map { .number($0) } ?? .text(text)
        case .boolean:
            switch trimmed.lowercased() {
            case "true", "yes", "on", "1": return .boolean(true)
            case "false", "no", "off", "0": return .boolean(false)
            default: return .text(text)
            }
        }
    }
}
