import Foundation

/// One visitor: walks in from a side, pauses, and leaves, at times and places that follow from the scene's seed.
struct Visit: Sendable, Hashable {
    let start: Double
    let end: Double
    /// Numbers of this visitor: clothes, height, gait.
    let look: UInt64

    private let from: SIMD2<Double>
    private let stop: SIMD2<Double>
    private let to: SIMD2<Double>
    private let pauseBegin: Double
    private let pauseEnd: Double

    /// No visit lasts longer, seconds.
    static let longest = 12.0
    /// Half the width of a walking figure, metres: at the picture's edge it begins to show.
    private static let reach = 0.45
    /// Length of a step, metres.
    static let step = 0.75

    init(scene: SyntheticScene, index: Int, start: Double) {
        let index = UInt64(index)
        func random(_ purpose: UInt64) -> Double { SceneNoise.unit(scene.seed, purpose, index) }
        look = SceneNoise.hash(scene.seed &+ SceneNoise.hash(index))
        self.start = start
        // Between 5 and 8 m away the crossing is 7 to 12 m long: a walk of 5 to 9 s.
        let near = 5.2 + 1.4 * random(1)
        let far = 6.4 + 1.6 * random(2)
        let entersNear = random(3) < 0.5
        let leavesWhereItCame = random(4) < 0.25
        let side: Double = random(5) < 0.5 ? -1 : 1
        let z0 = entersNear ? near : far
        let z1 = entersNear ? far : near
        func edge(_ z: Double) -> Double {
            z * Double(SceneCamera.halfWidthSlope) * 1.02 + Self.reach
        }
        from = SIMD2(side * edge(z0), z0)
        stop = SIMD2((random(6) - 0.5) * 1.6, (z0 + z1) / 2)
        to = leavesWhereItCame ? SIMD2(side * edge(z1), z1) : SIMD2(-side * edge(z1), z1)
        let first = Self.length(stop - from)
        let second = Self.length(to - stop)
        let pause = 1.2 + 1.6 * random(7)
        let speed = 1.25 + 0.35 * random(8)
        let duration = min(max((first + second) / speed + pause, 6.5), 11.8)
        let walking = duration - pause
        pauseBegin = start + walking * first / (first + second)
        pauseEnd = pauseBegin + pause
        end = start + duration
    }

    private static func length(_ vector: SIMD2<Double>) -> Double { (vector * vector).sum().squareRoot() }

    struct Pose: Sendable {
        /// On the ground, metres: right, forward.
        var position: SIMD2<Double>
        /// Unit vector of walking.
        var heading: SIMD2<Double>
        /// Distance walked, metres: the phase of the legs.
        var walked: Double
        /// 1 in full stride, 0 when standing.
        var stride: Double
    }

    /// Where the visitor is at `time`; nil when out of sight.
    func pose(at time: Double) -> Pose? {
        guard time >= start, time < end else { return nil }
        let first = Self.length(stop - from)
        let second = Self.length(to - stop)
        if time < pauseBegin {
            let share = (time - start) / (pauseBegin - start)
            return Pose(
                position: from + (stop - from) * share, heading: (stop - from) / first, walked: first * share,
                stride: min(1, (pauseBegin - time) / 0.4))
        }
        if time < pauseEnd {
            return Pose(position: stop, heading: (to - stop) / second, walked: first, stride: 0)
        }
        let share = (time - pauseEnd) / (end - pauseEnd)
        return Pose(
            position: stop + (to - stop) * share, heading: (to - stop) / second, walked: first + second * share,
            stride: min(1, (time - pauseEnd) / 0.4))
    }

    /// The times at which a foot meets the ground, with the place.
    func footfalls(from begin: Double, to limit: Double) -> [(time: Double, position: SIMD2<Double>)] {
        var falls: [(time: Double, position: SIMD2<Double>)] = []
        let grain = 1.0 / 200
        var time = (max(begin, start) / grain).rounded(.up) * grain
        while time < min(limit, end) {
            if let now = pose(at: time), let before = pose(at: time - grain), now.stride > 0.2,
                (now.walked / Self.step).rounded(.down) != (before.walked / Self.step).rounded(.down)
            {
                falls.append((time, now.position))
            }
            time += grain
        }
        return falls
    }
}
