/// What `bench fanout` found for one number of viewers.
struct FanoutFigures: Codable, Sendable, Equatable {
    /// `MeshCam`, or what it was measured beside.
    let server: String
    let viewers: Int
    /// Of one processor: user and system time of the whole serving process, but for what stands in for the camera, its share of one viewer.
    let cpuPercentPerViewer: Double
    /// What that took beside, of one processor. Nil: it was another process.
    var cameraPercent: Double?
    /// SRTP's, as both sides agreed.
    let cipher: String
    /// Packets of media that viewers missed. Where the viewers are others than ours: what their receiver reports say.
    var packetsLost: Int
    /// What a viewer got, headers and tags included.
    var mbitPerViewer: Double
    var packetsPerSecondPerViewer: Double

    /// The one in the middle by processor time, with the packets that were lost in all of them; nothing of none.
    static func median(_ rounds: [FanoutFigures]) -> [FanoutFigures] {
        guard var middle = rounds.sorted(by: { $0.cpuPercentPerViewer < $1.cpuPercentPerViewer }).dropFirst((rounds.count - 1) / 2).first else { return [] }
        middle.packetsLost = rounds.reduce(0) { $0 + $1.packetsLost }
        return [middle]
    }

    /// A tenth of a promille is more than the clock's ticks of 10 ms resolve.
    static func percent(_ seconds: Double, of duration: Double, viewers: Int) -> Double {
        (seconds / duration / Double(viewers) * 100_000).rounded() / 1000
    }
}

/// What `--json` prints: the figures for the most viewers, and all of them.
struct FanoutReport: Encodable {
    let levels: [FanoutFigures]
    let peer: [FanoutFigures]

    private enum CodingKeys: CodingKey { case levels, peer, ratioToPeer }

    func encode(to encoder: any Encoder) throws {
        try levels.max { $0.viewers < $1.viewers }?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(levels, forKey: .levels)
        guard !peer.isEmpty else { return }
        try container.encode(peer, forKey: .peer)
        try container.encode(ratios, forKey: .ratioToPeer)
    }

    /// Our share of the peer's processor time, by viewers.
    var ratios: [String: Double] {
        var ratios: [String: Double] = [:]
        for ours in levels {
            guard let theirs = peer.first(where: { $0.viewers == ours.viewers }), theirs.cpuPercentPerViewer > 0 else { continue }
            ratios["\(ours.viewers)"] = (ours.cpuPercentPerViewer / theirs.cpuPercentPerViewer * 1000).rounded() / 1000
        }
        return ratios
    }
}
