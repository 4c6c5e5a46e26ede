import Foundation
import Storage

/// Figures as people say them, in one zone and relative to one moment.
struct Wording: Sendable {
    /// Zone of all times.
    var zone: TimeZone
    /// The moment ages are counted from.
    var now: Date

    /// The zone's short name, to be shown once, e.g. `CET`.
    var zoneName: String { zone.abbreviation(for: now) ?? zone.identifier }

    /// `2026-11-20 13:34:56`.
    func time(_ date: Date) -> String {
        let local = date.addingTimeInterval(TimeInterval(zone.secondsFromGMT(for: date)))
        return RFC3339.format(local).prefix(19).replacingOccurrences(of: "T", with: " ")
    }

    /// `13:34:56`.
    func timeOfDay(_ date: Date) -> String { String(time(date).suffix(8)) }

    /// `4 s ago`, `never`.
    func age(_ date: Date?) -> String {
        guard let date else { return "never" }
        let seconds = now.timeIntervalSince(date)
        return seconds < -2 ? "in \(Self.span(-seconds))" : "\(Self.span(max(0, seconds))) ago"
    }

    /// `4 s`, `12 min`, `2 h 5 min`, `3 days`.
    static func span(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "unknown" }
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min"
        case ..<86_400: return whole / 60 % 60 == 0 ? "\(whole / 3600) h" : "\(whole / 3600) h \(whole / 60 % 60) min"
        default: return whole < 172_800 ? "1 day" : "\(whole / 86_400) days"
        }
    }

    /// `9.4 s`, `1:05 min`.
    static func length(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "unknown" }
        if seconds < 59.95 { return "\((seconds * 10).rounded() / 10) s" }
        let whole = Int(seconds.rounded())
        let rest = whole % 60
        return "\(whole / 60):\(rest < 10 ? "0" : "")\(rest) min"
    }

    /// A clock's offset: `+2 ms ± 10 ms`, `not measured`.
    static func clock(offset: Double?, uncertainty: Double?) -> String {
        guard let offset, offset.isFinite else { return "not measured" }
        let sign = offset < 0 ? "−" : "+"
        let value = sign + small(abs(offset))
        guard let uncertainty, uncertainty.isFinite else { return value }
        return "\(value) ± \(small(abs(uncertainty)))"
    }

    private static func small(_ seconds: Double) -> String {
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        return seconds < 60 ? "\((seconds * 10).rounded() / 10) s" : span(seconds)
    }

    /// `H.264`, `H.265`, or the name as it is.
    static func codec(_ name: String) -> String {
        switch name.lowercased() {
        case "h264", "avc1": "H.264"
        case "h265", "hevc", "hvc1": "H.265"
        default: name
        }
    }

    /// `1 camera`, `3 cameras`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// The shortest beginnings that tell ids apart, at least eight characters.
    static func shortened(_ ids: [String]) -> [String: String] {
        let distinct = Set(ids)
        var result: [String: String] = [:]
        for id in distinct {
            var length = 8
            while length < id.count, distinct.contains(where: { $0 != id && $0.hasPrefix(id.prefix(length)) }) { length += 1 }
            result[id] = String(id.prefix(length))
        }
        return result
    }
}
