/// An error as every resource of the API reports it: `application/problem+json`, RFC 9457, with the cure as an extension member.
struct ProblemDetails: Codable, Hashable, Sendable, Error {
    /// Media type of an answer that carries this.
    static let mediaType = "application/problem+json"

    /// What kind of problem this is: a relative URI such as `/problems/camera-not-found`, or `about:blank` when the status says it all.
    var type: String = "about:blank"
    /// The kind in a few words, the same for every occurrence.
    var title: String
    /// HTTP status code of the answer.
    var status: Int
    /// What went wrong this time.
    var detail: String?
    /// What the reader can do about it.
    var cure: String?

    init(type: String = "about:blank", title: String, status: Int, detail: String? = nil, cure: String? = nil) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.cure = cure
    }

    /// RFC 9457 makes every member optional; what is missing gets a truthful stand-in.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decodeIfPresent(String.self, forKey: .type) ?? "about:blank"
        title = try container.decodeIfPresent(String.self, forKey: .title) ?? "unnamed problem"
        status = try container.decodeIfPresent(Int.self, forKey: .status) ?? 0
        detail = try container.decodeIfPresent(String.self, forKey: .detail)
        cure = try container.decodeIfPresent(String.self, forKey: .cure)
    }
}

/// Something that is wrong with a camera or node right now, and what to do about it.
struct ProblemNote: Codable, Hashable, Sendable {
    /// One sentence without a final full stop: what is wrong.
    var message: String
    /// One sentence: how to mend it. Empty when nothing helps but waiting.
    var cure: String
}

/// A node whose part is missing from an otherwise complete list.
struct MissingNode: Codable, Hashable, Sendable {
    /// NodeID in lower-case hexadecimal.
    var node: String
    /// The node's name, as last heard.
    var name: String
    /// Why its part is missing, e.g. `no answer for 4 s`.
    var reason: String
}
