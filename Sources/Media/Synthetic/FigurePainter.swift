import Foundation

/// Draws a walking person: head, torso, arms, legs as tapered limbs with soft edges, hidden by what stands nearer, with a shadow on the ground.
struct FigurePainter {
    /// A pixel rectangle, half open.
    struct Box: Hashable {
        var left: Int
        var top: Int
        var right: Int
        var bottom: Int

        var isEmpty: Bool { left >= right || top >= bottom }

        mutating func unite(_ other: Box) {
            guard !other.isEmpty else { return }
            self = isEmpty ? other : Box(left: min(left, other.left), top: min(top, other.top), right: max(right, other.right), bottom: max(bottom, other.bottom))
        }
    }

    let canvas: YUVCanvas
    let depth: UnsafePointer<Float>
    let camera: SceneCamera
    let light: SceneLayout.Light
    private(set) var touched = Box(left: 0, top: 0, right: 0, bottom: 0)

    init(canvas: YUVCanvas, depth: UnsafePointer<Float>, camera: SceneCamera, light: SceneLayout.Light) {
        self.canvas = canvas
        self.depth = depth
        self.camera = camera
        self.light = light
    }

    private struct Clothes {
        var coat: SceneColour
        var trousers: SceneColour
        var skin: SceneColour
        var hair: SceneColour
        var shoes: SceneColour
        var height: Float

        init(look: UInt64) {
            func random(_ purpose: UInt64) -> Float { Float(SceneNoise.unit(look, purpose)) }
            func pick(_ choices: [SceneColour], _ purpose: UInt64) -> SceneColour {
                choices[min(choices.count - 1, Int(random(purpose) * Float(choices.count)))]
            }
            coat = pick(
                [
                    SIMD3(0.62, 0.15, 0.13), SIMD3(0.15, 0.24, 0.45), SIMD3(0.85, 0.70, 0.22), SIMD3(0.14, 0.15, 0.17),
                    SIMD3(0.80, 0.79, 0.75), SIMD3(0.20, 0.38, 0.30),
                ], 1)
            trousers = pick([SIMD3(0.14, 0.17, 0.26), SIMD3(0.12, 0.12, 0.13), SIMD3(0.45, 0.38, 0.29)], 2)
            skin = pick([SIMD3(0.86, 0.66, 0.54), SIMD3(0.62, 0.44, 0.33), SIMD3(0.40, 0.27, 0.20)], 3)
            hair = pick([SIMD3(0.12, 0.09, 0.07), SIMD3(0.35, 0.23, 0.13), SIMD3(0.62, 0.60, 0.58)], 4)
            shoes = SIMD3(0.10, 0.09, 0.09)
            height = 0.94 + 0.12 * random(5)
        }
    }

    /// Draws the visitor of `visit` at `time`.
    mutating func draw(_ visit: Visit, at time: Double) {
        guard let pose = visit.pose(at: time) else { return }
        let clothes = Clothes(look: visit.look)
        let foot = camera.project(SIMD3(Float(pose.position.x), 0, Float(pose.position.y)))
        let scale = camera.focal / foot.depth * clothes.height
        drawShadow(foot: foot, scale: scale)
        let facing: Float = pose.heading.x < 0 ? -1 : 1
        // Seen from the side the limbs swing across the picture, seen from ahead hardly.
        let across = Float(abs(pose.heading.x)) * 0.85 + 0.15
        let phase = Float((pose.walked / (2 * Visit.step)).truncatingRemainder(dividingBy: 1)) * 2 * .pi
        let stride = Float(pose.stride)
        let bob = 0.025 * stride * abs(sin(phase))
        func screen(_ point: SIMD2<Float>) -> SIMD2<Float> {
            SIMD2(foot.x + point.x * facing * scale, foot.y - point.y * scale)
        }
        let limb = Limb(depth: foot.depth, scale: scale)
        let breath = 0.004 * Float(sin(time * 1.7))
        let hip = SIMD2<Float>(0, 0.93 - bob)
        let shoulder = SIMD2<Float>(0.02 * stride, 1.42 - bob + breath)
        // Far limbs first, a little darker.
        for side in [Float(1), -1] {
            let swing = sin(phase) * side * stride
            let tint: Float = side > 0 ? 0.78 : 1
            let spread = 0.07 * (1 - across) * side
            let thigh = 0.42 * swing * across
            let bend = 0.12 * stride + 0.5 * max(0, cos(phase) * side) * stride * across
            let knee = hip + SIMD2(sin(thigh) * 0.45 + spread, -cos(thigh) * 0.45)
            let ankle = knee + SIMD2(sin(thigh - bend) * 0.42, -cos(thigh - bend) * 0.42)
            segment(screen(hip + SIMD2(spread, 0)), screen(knee), 0.095, 0.07, clothes.trousers * tint, limb)
            segment(screen(knee), screen(ankle), 0.07, 0.05, clothes.trousers * tint, limb)
            let toe = ankle + SIMD2(0.15 * across + 0.02, -0.045)
            segment(screen(ankle + SIMD2(0, -0.03)), screen(toe), 0.048, 0.036, clothes.shoes, limb)
            if side > 0 { arm(side, swing, across, shoulder, clothes, tint, limb, screen) }
        }
        let head = shoulder + SIMD2(0.03, 0.235)
        segment(screen(shoulder), screen(head - SIMD2(0, 0.06)), 0.058, 0.052, clothes.skin * 0.82, limb)
        segment(screen(shoulder - SIMD2(0, 0.07)), screen(hip + SIMD2(0, 0.04)), 0.175, 0.145, clothes.coat, limb)
        arm(-1, -sin(phase) * stride, across, shoulder, clothes, 1.08, limb, screen)
        segment(screen(head + SIMD2(0, 0.02)), screen(head - SIMD2(0, 0.04)), 0.105, 0.088, clothes.skin, limb)
        segment(screen(head + SIMD2(-0.02, 0.06)), screen(head + SIMD2(-0.045, -0.01)), 0.1, 0.07, clothes.hair, limb)
    }

    private mutating func arm(
        _ side: Float, _ swing: Float, _ across: Float, _ shoulder: SIMD2<Float>, _ clothes: Clothes, _ tint: Float,
        _ limb: Limb, _ screen: (SIMD2<Float>) -> SIMD2<Float>
    ) {
        let angle = -0.5 * swing * across
        let out = 0.13 * (1 - across) * side + 0.02 * side
        let elbow = shoulder + SIMD2(out + sin(angle) * 0.3, -0.05 - cos(angle) * 0.3)
        let wrist = elbow + SIMD2(sin(angle + 0.35) * 0.25, -cos(angle + 0.35) * 0.25)
        segment(screen(shoulder + SIMD2(out * 0.8, -0.05)), screen(elbow), 0.066, 0.055, clothes.coat * tint * 0.92, limb)
        segment(screen(elbow), screen(wrist), 0.052, 0.042, clothes.coat * tint * 0.92, limb)
        segment(screen(wrist), screen(wrist + SIMD2(0.01, -0.07)), 0.04, 0.034, clothes.skin, limb)
    }

    private struct Limb {
        var depth: Float
        /// Pixels per metre.
        var scale: Float
    }

    /// A tapered limb from `a` to `b` (pixels) with radii in metres, lit from the sun's side.
    private mutating func segment(
        _ a: SIMD2<Float>, _ b: SIMD2<Float>, _ radiusA: Float, _ radiusB: Float, _ colour: SceneColour, _ limb: Limb
    ) {
        let reachA = radiusA * limb.scale
        let reachB = radiusB * limb.scale
        let reach = max(reachA, reachB) + 1.5
        let box = clip(
            left: min(a.x, b.x) - reach, top: min(a.y, b.y) - reach, right: max(a.x, b.x) + reach, bottom: max(a.y, b.y) + reach)
        guard !box.isEmpty else { return }
        touched.unite(box)
        let full = light.ambient * 1.05 + light.sun * 0.75 + SceneColour(1.0, 0.66, 0.3) * (0.12 * light.lamps)
        let lit = colour * full
        let luma = Float(SceneBackdrop.luma(lit))
        let (blue, red) = SceneBackdrop.chroma(lit)
        let axis = b - a
        let lengthSquared = max(1e-3, (axis * axis).sum())
        let sunSide: Float = light.sunSide > 0 ? 1 : -1
        let modelling = 0.22 + 0.2 * light.shadow
        for line in box.top..<box.bottom {
            let row = canvas.y + line * canvas.lumaStride
            let depths = depth + line / 2 * (canvas.width / 2)
            for x in box.left..<box.right where depths[x / 2] > limb.depth {
                let point = SIMD2(Float(x) + 0.5, Float(line) + 0.5) - a
                let share = min(1, max(0, (point * axis).sum() / lengthSquared))
                let offset = point - axis * share
                let radius = reachA + (reachB - reachA) * share
                let distance = (offset * offset).sum().squareRoot()
                let coverage = min(1, max(0, radius - distance + 0.5))
                guard coverage > 0 else { continue }
                let shade = 1 + modelling * (offset.x * sunSide * 0.8 - offset.y * 0.35) / max(1, radius)
                let value = min(SceneBackdrop.brightest, max(SceneBackdrop.darkest, 16 + (luma - 16) * shade))
                row[x] = UInt8(Float(row[x]) + (value - Float(row[x])) * coverage)
                if line % 2 == 0, x % 2 == 0 {
                    let chroma = line / 2 * canvas.chromaStride + x / 2
                    canvas.u[chroma] = UInt8(Float(canvas.u[chroma]) + (Float(blue) - Float(canvas.u[chroma])) * coverage)
                    canvas.v[chroma] = UInt8(Float(canvas.v[chroma]) + (Float(red) - Float(canvas.v[chroma])) * coverage)
                }
            }
        }
    }

    private mutating func drawShadow(foot: (x: Float, y: Float, depth: Float), scale: Float) {
        let strength = 0.22 + 0.3 * light.shadow
        let middle = SIMD2(foot.x - light.sunSide * 0.35 * scale, foot.y + 0.01 * scale)
        let half = SIMD2((0.32 + 0.4 * abs(light.sunSide)) * scale, 0.12 * scale)
        let box = clip(left: middle.x - half.x, top: middle.y - half.y, right: middle.x + half.x, bottom: middle.y + half.y)
        guard !box.isEmpty else { return }
        touched.unite(box)
        for line in box.top..<box.bottom {
            let row = canvas.y + line * canvas.lumaStride
            for x in box.left..<box.right {
                let offset = (SIMD2(Float(x), Float(line)) - middle) / half
                let inside = 1 - (offset * offset).sum()
                guard inside > 0 else { continue }
                let value = Float(row[x]) * (1 - strength * min(1, inside * 1.6))
                row[x] = UInt8(max(SceneBackdrop.darkest, value))
            }
        }
    }

    private func clip(left: Float, top: Float, right: Float, bottom: Float) -> Box {
        func bounded(_ value: Float, _ limit: Int) -> Int { Int(min(max(value, 0), Float(limit))) }
        return Box(
            left: bounded(left, canvas.width), top: bounded(top, canvas.height), right: bounded(right + 1, canvas.width),
            bottom: bounded(bottom + 1, canvas.height))
    }
}
