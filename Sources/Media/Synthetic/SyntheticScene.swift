/// A generated place with people who come and go: worth looking at, and worth testing on, because it knows what it shows. A pure value of its
/// seed: the same seed gives the same yard, the same visitors at the same seconds, the same noise.
public struct SyntheticScene: Sendable, Hashable {
    /// One visit, the truth a detector is measured against.
    public struct Event: Sendable, Hashable {
        /// Seconds after the scene's start at which the visitor first reaches into the picture.
        public var start: Double
        /// Seconds at which the visitor has left it.
        public var end: Double
    }

    public let seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// The visits that begin before `end`, in seconds after the start, in order. The first begins 15 to 20 s after the start, each next one
    /// 30 to 60 s after the one before it began; each lasts 6 to 12 s. At most 100 000 are listed.
    public func events(until end: Double) -> [Event] {
        var events: [Event] = []
        var index = 0
        var start = firstStart
        while start < end, events.count < 100_000 {
            let visit = Visit(scene: self, index: index, start: start)
            events.append(Event(start: visit.start, end: visit.end))
            start += gap(after: index)
            index += 1
        }
        return events
    }

    /// The visits of which something can be seen or heard at `time` or until `ahead` seconds later.
    func visits(at time: Double, ahead: Double = 0) -> [Visit] {
        var found: [Visit] = []
        var index = 0
        var start = firstStart
        while start <= time + ahead {
            if start + Visit.longest > time {
                let visit = Visit(scene: self, index: index, start: start)
                if visit.end > time { found.append(visit) }
            }
            start += gap(after: index)
            index += 1
        }
        return found
    }

    private var firstStart: Double { 15 + 5 * SceneNoise.unit(seed, 0xf1) }

    private func gap(after index: Int) -> Double {
        30 + 30 * SceneNoise.unit(seed, 0x9a9, UInt64(index))
    }
}

/// Random numbers that are functions of what they are for: nothing to carry along, the same in any order.
enum SceneNoise {
    /// A well mixed 64-bit hash (the finalizer of SplitMix64).
    static func hash(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number 0..<1 for this seed, purpose and index.
    static func unit(_ seed: UInt64, _ purpose: UInt64, _ index: UInt64 = 0) -> Double {
        Double(hash(hash(hash(seed) ^ purpose) ^ index) >> 11) * 0x1p-53
    }

    /// A number 0..<1 for a point of a grid; fast, for textures.
    @inline(__always)
    static func lattice(_ x: Int32, _ y: Int32, _ salt: UInt32) -> Float {
        var h = UInt32(bitPattern: x) &* 0x85eb_ca6b ^ UInt32(bitPattern: y) &* 0xc2b2_ae35 ^ salt &* 0x27d4_eb2f
        h = (h ^ (h >> 15)) &* 0x2c1b_3c6d
        h = (h ^ (h >> 12)) &* 0x297a_2d39
        return Float((h ^ (h >> 15)) >> 8) * 0x1p-24
    }

    /// Smooth noise 0…1 with features of size 1 (value noise).
    @inline(__always)
    static func smooth(_ x: Float, _ y: Float, _ salt: UInt32) -> Float {
        let x = min(max(x, -1e6), 1e6)
        let y = min(max(y, -1e6), 1e6)
        let left = x.rounded(.down)
        let top = y.rounded(.down)
        let i = Int32(left)
        let j = Int32(top)
        let u = x - left
        let v = y - top
        let a = u * u * (3 - 2 * u)
        let b = v * v * (3 - 2 * v)
        let upper = lattice(i, j, salt) * (1 - a) + lattice(i &+ 1, j, salt) * a
        let lower = lattice(i, j &+ 1, salt) * (1 - a) + lattice(i &+ 1, j &+ 1, salt) * a
        return upper * (1 - b) + lower * b
    }

    /// Noise 0…1 of several sizes at once, the largest 1 (fractal sum of `octaves` smooth noises).
    static func fractal(_ x: Float, _ y: Float, _ salt: UInt32, octaves: Int = 4) -> Float {
        var sum: Float = 0
        var weight: Float = 0.5
        var total: Float = 0
        var scale: Float = 1
        for octave in 0..<octaves {
            sum += weight * smooth(x * scale, y * scale, salt &+ UInt32(octave))
            total += weight
            weight *= 0.5
            scale *= 2.03
        }
        return sum / total
    }
}
