import Foundation

/// What is heard in a `SyntheticScene`: a breeze, birds now and then, and the visitors' steps. Samples are functions of their number.
struct SceneSound {
    private let scene: SyntheticScene
    private let breeze: [Float]
    private let rate = Double(AudioDecoder.sampleRate)

    init(scene: SyntheticScene) {
        self.scene = scene
        breeze = Self.makeBreeze(seed: scene.seed)
    }

    /// Five seconds of wind, joined to a loop: noise through two low passes.
    private static func makeBreeze(seed: UInt64) -> [Float] {
        let count = 5 * AudioDecoder.sampleRate
        var slow: Float = 0
        var slower: Float = 0
        // One round to settle the filters, so that the end meets the beginning.
        var samples = [Float](repeating: 0, count: count)
        for index in 0..<2 * count {
            let white = Float(SceneNoise.hash(seed ^ UInt64(index % count)) >> 40) / 8_388_608 - 1
            slow += 0.035 * (white - slow)
            slower += 0.02 * (slow - slower)
            samples[index % count] = slower * 0.11 + slow * 0.012
        }
        return samples
    }

    /// `count` samples from number `first`, 48 kHz mono, -1…1.
    func samples(from first: Int64, count: Int) -> [Float] {
        let begin = Double(first) / rate
        let end = Double(first + Int64(count)) / rate
        let gust = Float(0.75 + 0.25 * sin(begin * 0.4) * sin(begin * 0.13))
        var block = (0..<count).map { breeze[Int((first + Int64($0)) % Int64(breeze.count))] * gust }
        addBird(to: &block, begin: begin)
        // A step rings for 120 ms: those that began before this block still sound in it.
        for visit in scene.visits(at: max(0, begin - Self.stepSeconds), ahead: end - begin + Self.stepSeconds) {
            for fall in visit.footfalls(from: begin - Self.stepSeconds, to: end) {
                addStep(to: &block, at: fall.time - begin, distance: (fall.position * fall.position).sum().squareRoot())
            }
        }
        return block
    }

    private static let stepSeconds = 0.12

    private func addStep(to block: inout [Float], at offset: Double, distance: Double) {
        let loudness = Float(0.5 / max(1, distance))
        for index in block.indices {
            let time = Double(index) / rate - offset
            guard time >= 0, time < Self.stepSeconds else { continue }
            let grit = Float(SceneNoise.hash(UInt64(time * rate) ^ scene.seed) >> 40) / 8_388_608 - 1
            let thump = Float(sin(2 * .pi * 85 * time))
            block[index] += loudness * (thump * Float(exp(-time * 45)) + 0.35 * grit * Float(exp(-time * 70)))
        }
    }

    /// In most periods of seven seconds a bird calls: three falling chirps.
    private func addBird(to block: inout [Float], begin: Double) {
        let period = 7.0
        let number = (begin / period).rounded(.down)
        let key = UInt64(max(0, number))
        guard SceneNoise.unit(scene.seed, 0xb1d, key) < 0.55 else { return }
        let start = number * period + 1 + 4 * SceneNoise.unit(scene.seed, 0xb1e, key)
        let pitch = 2600 + 1400 * SceneNoise.unit(scene.seed, 0xb1f, key)
        guard begin + Double(block.count) / rate > start, begin < start + 0.6 else { return }
        for index in block.indices {
            let time = begin + Double(index) / rate - start
            guard time >= 0, time < 0.6 else { continue }
            let chirp = time.truncatingRemainder(dividingBy: 0.2)
            guard chirp < 0.09 else { continue }
            let envelope = sin(.pi * chirp / 0.09)
            let phase = 2 * .pi * (pitch * chirp - 4200 * chirp * chirp)
            block[index] += Float(0.012 * envelope * envelope * sin(phase))
        }
    }
}
