import Foundation

/// Renders the pictures of a `SyntheticScene` at any time, in any order: the same time gives the same picture. Keeps the scene without noise
/// and touches only what moves in it; sensor noise is added on the way out.
struct SceneRenderer {
    private let scene: SyntheticScene
    private let backdrop: SceneBackdrop
    private let label: String
    private var y: [UInt8]
    private var u: [UInt8]
    private var v: [UInt8]
    private var dirty = FigurePainter.Box(left: 0, top: 0, right: 0, bottom: 0)
    private let noise: [UInt8]
    private var schedule: VisitSchedule

    /// Strength of the sensor's noise, standard deviation in levels.
    private static let noiseLevel = 1.3
    private static let noiseCount = 1 << 18

    /// Draws the scene, which takes about a second at 1080p.
    init(scene: SyntheticScene, width: Int, height: Int, label: String, shouldStop: () -> Bool = { false }) {
        self.scene = scene
        self.label = label
        backdrop = SceneBackdrop(seed: scene.seed, width: width, height: height, shouldStop: shouldStop)
        y = backdrop.y
        u = backdrop.u
        v = backdrop.v
        noise = Self.makeNoise(seed: scene.seed, count: Self.noiseCount + width)
        schedule = VisitSchedule(scene: scene)
    }

    /// Bell-shaped noise as bytes in two's complement, -5…5: the sum of four even numbers.
    private static func makeNoise(seed: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { index in
            let bits = SceneNoise.hash(seed ^ UInt64(index) &* 0x51ed_2701)
            var sum = 0.0
            for part in 0..<4 { sum += Double((bits >> UInt64(16 * part)) & 0xffff) / 65_536 - 0.5 }
            // Four numbers of variance 1/12 have a deviation of 0.577.
            let value = min(5, max(-5, (sum / 0.577 * noiseLevel).rounded()))
            return UInt8(bitPattern: Int8(value))
        }
    }

    /// Renders the scene at `time` seconds with `clock` and the name burnt in.
    mutating func render(time: Double, clock: String, into canvas: YUVCanvas) {
        restore()
        sway(time: time)
        drawVisitors(time: time)
        develop(time: time, into: canvas)
        burnIn(clock, into: canvas)
    }

    private mutating func restore() {
        guard !dirty.isEmpty else { return }
        let width = backdrop.width
        for line in dirty.top..<dirty.bottom {
            let range = line * width + dirty.left..<line * width + dirty.right
            y.replaceSubrange(range, with: backdrop.y[range])
        }
        for line in dirty.top / 2..<(dirty.bottom + 1) / 2 {
            let range = line * (width / 2) + dirty.left / 2..<line * (width / 2) + (dirty.right + 1) / 2
            u.replaceSubrange(range, with: backdrop.u[range])
            v.replaceSubrange(range, with: backdrop.v[range])
        }
        dirty = FigurePainter.Box(left: 0, top: 0, right: 0, bottom: 0)
    }

    /// Leaves: each row of a crown slides to and fro by a part of a pixel up to two, in a breeze that comes and goes.
    private mutating func sway(time: Double) {
        let width = backdrop.width
        let strength = Double(width) / 1920 * 1.7 * (0.65 + 0.35 * sin(time * 0.31))
        y.withUnsafeMutableBufferPointer { target in
            backdrop.y.withUnsafeBufferPointer { source in
                guard let target = target.baseAddress, let source = source.baseAddress else { return }
                for sway in backdrop.sways {
                    sway.mask.withUnsafeBufferPointer { mask in
                        guard let mask = mask.baseAddress else { return }
                        for line in 0..<sway.height {
                            let phase = Double(line) / Double(width) * 60
                            let shift = strength * (sin(time * 1.35 + phase) + 0.5 * sin(time * 3.1 + phase * 2.3)) + 4
                            let whole = Int(shift.rounded(.down))
                            let part = UInt16((shift - Double(whole)) * 256)
                            // The shift lies within 0…8 around 4; a margin that wide stays still at the picture's sides.
                            let first = max(sway.x, 4)
                            let last = min(sway.x + sway.width, width - 6)
                            guard first < last else { continue }
                            let row = (sway.y + line) * width
                            Self.slide(
                                target + row + first, source + row + first, source + row + first + whole - 4,
                                mask + line * sway.width + first - sway.x, count: last - first, part: part)
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func slide(
        _ target: UnsafeMutablePointer<UInt8>, _ still: UnsafePointer<UInt8>, _ moved: UnsafePointer<UInt8>,
        _ mask: UnsafePointer<UInt8>, count: Int, part: UInt16
    ) {
        for x in 0..<count {
            let slid = (UInt16(moved[x]) &* (256 &- part) &+ UInt16(moved[x &+ 1]) &* part) >> 8
            let weight = UInt16(mask[x])
            target[x] = UInt8(truncatingIfNeeded: (UInt16(still[x]) &* (255 &- weight) &+ slid &* weight &+ 127) / 255)
        }
    }

    private mutating func drawVisitors(time: Double) {
        let visits = schedule.visits(at: time)
        guard !visits.isEmpty else { return }
        let (width, height, camera, light) = (backdrop.width, backdrop.height, backdrop.camera, backdrop.light)
        var touched = FigurePainter.Box(left: 0, top: 0, right: 0, bottom: 0)
        y.withUnsafeMutableBufferPointer { y in
            u.withUnsafeMutableBufferPointer { u in
                v.withUnsafeMutableBufferPointer { v in
                    backdrop.depth.withUnsafeBufferPointer { depth in
                        guard let y = y.baseAddress, let u = u.baseAddress, let v = v.baseAddress, let depth = depth.baseAddress else {
                            return
                        }
                        let canvas = YUVCanvas(
                            y: y, u: u, v: v, lumaStride: width, chromaStride: width / 2, width: width, height: height)
                        var painter = FigurePainter(canvas: canvas, depth: depth, camera: camera, light: light)
                        for visit in visits { painter.draw(visit, at: time) }
                        touched = painter.touched
                    }
                }
            }
        }
        dirty.unite(touched)
    }

    /// Adds the sensor's noise and the slow change of daylight (a few levels over minutes), row by row.
    private func develop(time: Double, into canvas: YUVCanvas) {
        let width = backdrop.width
        let daylight = 3.5 * sin(time * 2 * .pi / 97) + 1.5 * sin(time * 2 * .pi / 41)
        let moment = UInt64(bitPattern: Int64(time * 1000))
        let frame = SceneNoise.hash(scene.seed ^ moment &* 0x2545_f491)
        y.withUnsafeBufferPointer { y in
            noise.withUnsafeBufferPointer { noise in
                guard let y = y.baseAddress, let noise = noise.baseAddress else { return }
                for line in 0..<backdrop.height {
                    let pick = SceneNoise.hash(frame &+ UInt64(line))
                    // Rows round up or down in a fixed pattern, so that a level's step does not show as a flash.
                    let threshold = Double((line &* 619) & 1023) / 1024
                    let level = UInt8(bitPattern: Int8((daylight + threshold).rounded(.down)))
                    let from = y + line * width
                    let grain = noise + Int(pick & UInt64(Self.noiseCount - 1))
                    let to = canvas.y + line * canvas.lumaStride
                    for x in 0..<width { to[x] = from[x] &+ grain[x] &+ level }
                }
            }
        }
        for line in 0..<backdrop.height / 2 {
            u.withUnsafeBufferPointer { u in
                if let base = u.baseAddress { (canvas.u + line * canvas.chromaStride).update(from: base + line * (width / 2), count: width / 2) }
            }
            v.withUnsafeBufferPointer { v in
                if let base = v.baseAddress { (canvas.v + line * canvas.chromaStride).update(from: base + line * (width / 2), count: width / 2) }
            }
        }
    }

    /// The clock at the lower left, the camera's name at the lower right, light on a darkened strip.
    private func burnIn(_ clock: String, into canvas: YUVCanvas) {
        let dot = max(1, canvas.height / 360)
        let margin = 6 * dot
        let strip = 13 * dot
        let top = canvas.height - strip
        guard top > 0 else { return }
        for line in top..<canvas.height {
            let row = canvas.y + line * canvas.lumaStride
            for x in 0..<canvas.width { row[x] = UInt8((UInt16(row[x]) &* 115) >> 8) &+ 8 }
        }
        for line in top / 2..<canvas.height / 2 {
            for plane in [canvas.u, canvas.v] {
                let row = plane + line * canvas.chromaStride
                for x in 0..<canvas.width / 2 { row[x] = (row[x] >> 1) &+ 64 }
            }
        }
        write(clock, x: margin, y: top + 3 * dot, dot: dot, into: canvas)
        let name = String(label.prefix(40))
        write(name, x: canvas.width - margin - name.count * 6 * dot, y: top + 3 * dot, dot: dot, into: canvas)
    }

    private func write(_ text: String, x start: Int, y top: Int, dot: Int, into canvas: YUVCanvas) {
        for (position, character) in text.enumerated() {
            for (row, bits) in BitmapFont.rows(of: character).enumerated() {
                for column in 0..<BitmapFont.width where bits & (16 >> UInt8(column)) != 0 {
                    let left = start + (position * 6 + column) * dot
                    guard left >= 0, left + dot <= canvas.width, top + (row + 1) * dot <= canvas.height else { continue }
                    for line in top + row * dot..<top + (row + 1) * dot {
                        (canvas.y + line * canvas.lumaStride + left).update(repeating: 215, count: dot)
                    }
                }
            }
        }
    }
}

/// The visits near a moment, found without counting from the scene's start each time.
struct VisitSchedule {
    private let scene: SyntheticScene
    private var cached: [Visit] = []
    private var covers: Range<Double> = 0..<0

    /// How much is looked up at once, seconds.
    private static let window = 60.0

    init(scene: SyntheticScene) {
        self.scene = scene
    }

    mutating func visits(at time: Double) -> [Visit] {
        if !covers.contains(time) {
            cached = scene.visits(at: time, ahead: Self.window)
            covers = time..<time + Self.window
        }
        return cached.filter { $0.start <= time && $0.end > time }
    }
}
