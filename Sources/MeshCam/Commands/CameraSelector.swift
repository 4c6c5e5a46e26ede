/// Finds the camera somebody means.
enum CameraSelector {
    /// The ids of several, each named as in ``camera(_:among:)``.
    static func ids(_ names: [String], _ api: APIClient) async throws -> [String] {
        if names.isEmpty { return [] }
        let all = try await api.get("/cameras", as: [CameraResource].self)
        return try names.map { try camera($0, among: all).id }
    }

    /// By id, by name, by a beginning of the id that only one camera has, or by name whatever its case; in this order.
    /// - Throws: when none or several fit, with the ones to choose from.
    static func camera(_ text: String, among cameras: [CameraResource]) throws(APIError) -> CameraResource {
        let shown = SettingsText.shown(text)
        let rules: [(CameraResource) -> Bool] = [
            { $0.id == text },
            { $0.name == text },
            { !text.isEmpty && $0.id.hasPrefix(text.lowercased()) },
            { $0.name.lowercased() == text.lowercased() },
        ]
        for rule in rules {
            let matches = cameras.filter(rule)
            if matches.count == 1, let match = matches.first { return match }
            if matches.count > 1 {
                let ids = Wording.shortened(cameras.map(\.id))
                let choices = matches.map { "\(ids[$0.id] ?? $0.id) (\(Terminal.printable($0.name)) on \(Terminal.printable($0.nodeName)))" }
                throw APIError(
                    kind: .noMatch, message: "\(matches.count) cameras are called \"\(shown)\"",
                    cure: "name one by its id: " + choices.joined(separator: ", "))
            }
        }
        if cameras.isEmpty {
            throw APIError(kind: .noMatch, message: "the mesh has no camera yet", cure: "see `meshcam doctor` on the node it is plugged into")
        }
        let names = cameras.map(\.name)
        let cure =
            NearMiss.best(for: text, among: names).map { "did you mean \(Terminal.printable($0))?" }
            ?? "there are: " + names.prefix(12).map(Terminal.printable).joined(separator: ", ")
        throw APIError(kind: .noMatch, message: "no camera is called \"\(shown)\"", cure: cure)
    }
}
