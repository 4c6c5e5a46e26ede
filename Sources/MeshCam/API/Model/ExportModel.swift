import Foundation

/// Body of `POST /exports`: which recordings, and as what. `GET /exports` takes the same as its query, for links.
///
/// Either ``clips``, or what the other conditions choose, of which at least one is given. Recordings that are not over are left out.
struct ExportRequest: Codable, Hashable, Sendable {
    /// Clip ids, at most 1000. In a query: one after the other with commas between.
    var clips: [String]?
    /// Event id.
    var event: String?
    /// Camera id.
    var camera: String?
    /// Whole recordings of which any part lies in the span; `to` is exclusive.
    var from: Date?
    var to: Date?
    /// Default: `mp4`.
    var format: ExportFormat?
}

/// What an export is.
enum ExportFormat: String, Codable, Hashable, Sendable {
    /// One video of one camera: its recordings one behind the other. A copy: the signatures do not fit it.
    case mp4
    /// Every recording as it lies on a storage, with its picture, its signed facts, and the keys that prove them.
    case zip
}
