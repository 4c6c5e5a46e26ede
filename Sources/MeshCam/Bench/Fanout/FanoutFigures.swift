/// What `bench fanout` found for one number of viewers.
struct FanoutFigures: Codable, Sendable, Equatable {
    /// `MeshCam`, or what it was measured beside.
    let server: String
    let viewers: Int
    /// Of one processor: user and system time of the whole serving process, its share of one viewer.
    let cpuPercentPerViewer: Double
    /// SRTP's, as both sides agreed.
    let cipher: String
    /// Packets of media that viewers missed. Where the viewers are others than ours: what their receiver reports say.
    var packetsLost: Int
    /// What a viewer got, headers and tags included.
    var mbitPerViewer: Double
    var packetsPerSecondPerViewer: Double

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
