import Foundation

/// The cookie that carries a session's token.
enum SessionCookie {
    /// One name for each door: browsers refuse to replace a `Secure` cookie over plain HTTP.
    static func name(_ door: Authentication.Door) -> String { door == .web ? "meshcam_session" : "meshcam_session_plain" }

    static func token(in fields: [String], door: Authentication.Door) -> String? {
        for pair in fields.joined(separator: ";").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name(door) {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    static func set(_ token: String, door: Authentication.Door) -> String {
        "\(name(door))=\(token); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(Int(Sessions.lifetime))" + (door == .web ? "; Secure" : "")
    }

    static func clear(door: Authentication.Door) -> String {
        "\(name(door))=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0" + (door == .web ? "; Secure" : "")
    }
}
