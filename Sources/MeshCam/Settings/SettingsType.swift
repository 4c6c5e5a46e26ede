import Logging

/// How an environment variable's text is understood before it is judged.
enum SettingsForm: Sendable { case text, texts, integer, number, boolean, integerOrText }

/// What a setting accepts: the type it is written in, the values allowed, and how one is shown again.
struct SettingsType<Value>: Sendable {
    /// What became of a value.
    enum Reading { case value(Value), wrongType, notAllowed }

    var form: SettingsForm
    /// With its article, e.g. `a whole number`.
    var name: String
    /// Completes "must be …", e.g. `1 to 120`. Empty when the type says it all.
    var allowed: String
    var read: @Sendable (SettingsValue) -> Reading
    var show: @Sendable (Value) -> String
}

extension SettingsType where Value == Int {
    static func integer(_ range: ClosedRange<Int>, even: Bool = false) -> Self {
        Self(
            form: .integer, name: "a whole number",
            allowed: "\(even ? "even, " : "")\(range.lowerBound) to \(range.upperBound)",
            read: { value in
                guard case .integer(let number) = value else { return .wrongType }
                return range.contains(number) && (!even || number.isMultiple(of: 2)) ? .value(number) : .notAllowed
            },
            show: { String($0) })
    }

    /// A number of bytes, or a text with a unit: `"256 MiB"`.
    static func bytes(_ range: ClosedRange<Int>) -> Self {
        Self(
            form: .integerOrText, name: "a number of bytes or a text such as \"256 MiB\"",
            allowed: "\(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))",
            read: { value in
                let bytes: Int
                switch value {
                case .integer(let number): bytes = number
                case .text(let text):
                    guard let number = ByteCount.parse(text) else { return .wrongType }
                    bytes = number
                default: return .wrongType
                }
                return range.contains(bytes) ? .value(bytes) : .notAllowed
            },
            show: { ByteCount.text($0) })
    }
}

extension SettingsType where Value == Bool {
    static var boolean: Self {
        Self(
            form: .boolean, name: "true or false", allowed: "",
            read: { value in
                guard case .boolean(let flag) = value else { return .wrongType }
                return .value(flag)
            },
            show: { String($0) })
    }
}

extension SettingsType where Value == Duration {
    /// Seconds, whole or not.
    static func seconds(_ range: ClosedRange<Int>) -> Self {
        Self(
            form: .number, name: "a number of seconds",
            allowed: "\(range.lowerBound) to \(range.upperBound) seconds",
            read: { value in
                let seconds: Double
                switch value {
                case .integer(let number): seconds = Double(number)
                case .number(let number): seconds = number
                default: return .wrongType
                }
                // Also refuses NaN and infinity.
                guard seconds >= Double(range.lowerBound), seconds <= Double(range.upperBound) else { return .notAllowed }
                return .value(.milliseconds(Int64((seconds * 1000).rounded())))
            },
            show: { duration in
                let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
                return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
            })
    }
}

extension SettingsType where Value == String {
    /// A text that `isAllowed`.
    static func text(allowed: String, where isAllowed: @escaping @Sendable (String) -> Bool) -> Self {
        Self(
            form: .text, name: "a text", allowed: allowed,
            read: { value in
                guard case .text(let text) = value else { return .wrongType }
                return isAllowed(text) ? .value(text) : .notAllowed
            },
            show: { $0 })
    }
}

extension SettingsType where Value == [String] {
    /// A list of different texts, each of which `isAllowed`.
    ///
    /// - Parameter normal: the one way to write what can be written in several.
    static func texts(
        count: ClosedRange<Int>, allowed: String, normal: @escaping @Sendable (String) -> String = { $0 },
        where isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Self {
        Self(
            form: .texts, name: "a list of texts", allowed: allowed,
            read: { value in
                guard case .list(let values) = value else { return .wrongType }
                var texts: [String] = []
                for value in values {
                    guard case .text(let text) = value else { return .wrongType }
                    texts.append(normal(text))
                }
                return count.contains(texts.count) && Set(texts).count == texts.count && texts.allSatisfy(isAllowed)
                    ? .value(texts) : .notAllowed
            },
            show: { $0.isEmpty ? "none" : $0.joined(separator: ", ") })
    }
}

extension SettingsType where Value: CaseIterable & RawRepresentable<String> & SendableMetatype {
    /// One of a few words.
    static var word: Self {
        let words = Value.allCases.map(\.rawValue)
        return Self(
            form: .text, name: "a text", allowed: words.dropLast().joined(separator: ", ") + " or " + (words.last ?? ""),
            read: { value in
                guard case .text(let text) = value else { return .wrongType }
                return Value(rawValue: text).map { .value($0) } ?? .notAllowed
            },
            show: { $0.rawValue })
    }
}

extension SettingsType {
    /// The same, for a setting that may be absent.
    func optional(absent: String) -> SettingsType<Value?> {
        let read = read, show = show
        return SettingsType<Value?>(
            form: form, name: name, allowed: allowed,
            read: { value in
                switch read(value) {
                case .value(let value): .value(value)
                case .wrongType: .wrongType
                case .notAllowed: .notAllowed
                }
            },
            show: { $0.map(show) ?? absent })
    }
}
