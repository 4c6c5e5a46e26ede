import Foundation

/// What tells one storage from another that has taken its place, as an empty mount point does: a file that whoever comes first puts there.
enum TargetIdentity {
    static let file = ".meshcam/target"
    private static let sizeLimit = 256

    /// The storage's own; made where there is none.
    static func find(on target: some TargetFiles) throws(TargetError) -> String {
        if let found = try read(on: target) { return found }
        let made = Array((0..<16).map { _ in UInt8.random(in: 0...255) }.hex.utf8)
        do throws(TargetError) { try target.write([made], at: 0, of: file) } catch {
            guard error.isNameTaken else { throw error }
            // Somebody was quicker, or was cut off before it had a content.
            if let found = try read(on: target) { return found }
            try target.replace(file, with: made)
        }
        // What two wrote at once is what it holds now.
        return try read(on: target) ?? String(decoding: made, as: UTF8.self)
    }

    /// Nil where there is none.
    private static func read(on target: some TargetFiles) throws(TargetError) -> String? {
        do throws(TargetError) {
            let text = String(decoding: try target.readAll(file, limit: sizeLimit), as: UTF8.self)
            return text.isEmpty ? nil : text
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }
}
