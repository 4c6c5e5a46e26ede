import Foundation

/// Entity tags in requests (RFC 9110 §8.8.3, §13.1.1).
enum EntityTag {
    /// Whether `If-Match` names that tag: by strong comparison, so a weak one never does. `*` means any.
    static func matches(_ field: String, _ tag: String) -> Bool {
        field.split(separator: ",").contains { part in
            let listed = part.trimmingCharacters(in: .whitespaces)
            return listed == "*" || listed == tag
        }
    }
}
