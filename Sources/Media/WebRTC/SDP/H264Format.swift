/// The parameters of H.264 in session descriptions (RFC 6184 §8.1), and how well an offered format suits us.
struct H264Format: Sendable, Hashable {
    /// Constrained baseline, level 3.1: what every browser takes. Streams of higher profiles and levels play under this label too, while
    /// offers and answers that say High are refused by some [measured: media.md].
    static let label = "42e01f"

    /// `profile-level-id`: profile_idc, constraint flags, level_idc; the standard's default is baseline, level 1.
    var profileLevelID: UInt32
    /// nil if not said, which means 0 by the standard and 1 by those who leave it out.
    var packetizationMode: Int?

    init(_ payload: PayloadFormat) {
        let text = payload.parameters["profile-level-id"] ?? ""
        profileLevelID = text.utf8.count == 6 ? UInt32(text, radix: 16) ?? 0x42_000a : 0x42_000a
        packetizationMode = payload.parameters["packetization-mode"].map { Int($0) ?? -1 }
    }

    var profile: UInt32 { profileLevelID >> 16 }

    /// Baseline with constraint_set1: no tool that Main lacks (RFC 6184 §8.1, table 5).
    var isConstrainedBaseline: Bool { profile == 0x42 && profileLevelID & 0x4000 != 0 }

    /// Lower is better; nil if our packets would not be understood.
    var rank: Int? {
        let base: Int
        switch packetizationMode {
        case 1: base = 0
        case nil: base = 10
        default: return nil
        }
        if profileLevelID == 0x42_e01f { return base }
        if isConstrainedBaseline { return base + 1 }
        switch profile {
        case 0x42: return base + 2
        case 0x4d: return base + 3
        case 0x64: return base + 4
        default: return base + 5
        }
    }

    /// What an answer to this format says. The profile is the offer's where it must be (§8.2.2: it is not negotiable), the label otherwise.
    var answer: [String: String] {
        var id = Self.label
        if !isConstrainedBaseline {
            let digits = String(profileLevelID, radix: 16)
            id = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        }
        return ["level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": id]
    }
}
