/// The empty scene as planes, with the depth of every second pixel and the places where leaves sway. Made once per scene and size; 1080p takes
/// about a second of one core.
struct SceneBackdrop {
    /// A rectangle of pixels in which leaves move, with how much each pixel takes part, 0…255.
    struct Sway {
        var x: Int
        var y: Int
        var width: Int
        var height: Int
        var mask: [UInt8]
    }

    let width: Int
    let height: Int
    private(set) var y: [UInt8]
    private(set) var u: [UInt8]
    private(set) var v: [UInt8]
    /// Metres, for every second pixel of every second row.
    private(set) var depth: [Float]
    private(set) var sways: [Sway] = []
    let camera: SceneCamera
    let light: SceneLayout.Light

    /// Luma stays in this range, so that noise and the slow change of light can be added without clipping.
    static let darkest: Float = 26
    static let brightest: Float = 224

    /// Draws the scene.
    /// - Parameter shouldStop: Asked once per row; the picture is left unfinished when it says so.
    init(seed: UInt64, width: Int, height: Int, shouldStop: () -> Bool) {
        self.width = width
        self.height = height
        let layout = SceneLayout(seed: seed)
        light = layout.light
        camera = SceneCamera(width: width, height: height)
        y = [UInt8](repeating: 128, count: width * height)
        u = [UInt8](repeating: 128, count: width * height / 4)
        v = u
        depth = [Float](repeating: 1000, count: width * height / 4)
        let shader = SceneShader(layout: layout, camera: camera)
        var leaves = [Bool](repeating: false, count: Self.blocks(width) * Self.blocks(height))
        draw(shader, &leaves, shouldStop)
        if !shouldStop() { findSways(leaves, layout) }
    }

    private static let block = 8
    private static func blocks(_ pixels: Int) -> Int { (pixels + block - 1) / block }

    private mutating func draw(_ shader: SceneShader, _ leaves: inout [Bool], _ shouldStop: () -> Bool) {
        func row(_ line: Int) -> [SceneSample] {
            (0..<width).map { shader.sample(Float($0) + 0.5, Float(line) + 0.5) }
        }
        var above: [SceneSample] = []
        var present = row(0)
        var upper: [SceneColour] = []
        for line in 0..<height {
            if shouldStop() { return }
            let below = line + 1 < height ? row(line + 1) : present
            var colours: [SceneColour] = []
            colours.reserveCapacity(width)
            for x in 0..<width {
                let sample = present[x]
                if sample.surface == .leaves { leaves[line / Self.block * Self.blocks(width) + x / Self.block] = true }
                let isEdge =
                    present[max(0, x - 1)].differs(from: sample) || present[min(width - 1, x + 1)].differs(from: sample)
                    || below[x].differs(from: sample) || (!above.isEmpty && above[x].differs(from: sample))
                colours.append(tone(isEdge ? smoothed(shader, x, line, sample) : sample.colour, x, line))
            }
            store(colours, line: line, upper: upper)
            if line % 2 == 0 {
                for x in stride(from: 0, to: width, by: 2) { depth[line / 2 * (width / 2) + x / 2] = present[x].depth }
            }
            upper = colours
            above = present
            present = below
        }
    }

    /// The mean of five points of a pixel that lies on an edge.
    private func smoothed(_ shader: SceneShader, _ x: Int, _ line: Int, _ middle: SceneSample) -> SceneColour {
        var sum = middle.colour
        for (dx, dy) in [(0.2, 0.35), (0.65, 0.2), (0.35, 0.8), (0.8, 0.65)] as [(Float, Float)] {
            sum += shader.sample(Float(x) + dx, Float(line) + dy).colour
        }
        return sum / 5
    }

    /// The lens: a shoulder for highlights and a little less light in the corners.
    private func tone(_ colour: SceneColour, _ x: Int, _ line: Int) -> SceneColour {
        let dx = Float(x) / Float(width) - 0.5
        let dy = Float(line) / Float(height) - 0.5
        var result = colour * (1 - 0.42 * (dx * dx + dy * dy))
        for channel in 0..<3 {
            let value = result[channel]
            result[channel] = value < 0.75 ? max(0, value) : 0.75 + 0.25 * (1 - 1 / (1 + (value - 0.75) / 0.25))
        }
        return result
    }

    private mutating func store(_ colours: [SceneColour], line: Int, upper: [SceneColour]) {
        for x in 0..<width { y[line * width + x] = Self.luma(colours[x]) }
        guard line % 2 == 1 else { return }
        for x in 0..<width / 2 {
            let mean = (colours[2 * x] + colours[2 * x + 1] + upper[2 * x] + upper[2 * x + 1]) / 4
            let (blue, red) = Self.chroma(mean)
            u[line / 2 * (width / 2) + x] = blue
            v[line / 2 * (width / 2) + x] = red
        }
    }

    /// Luma of a colour by ITU-R BT.601, limited range.
    static func luma(_ colour: SceneColour) -> UInt8 {
        let value = 16 + 65.481 * colour.x + 128.553 * colour.y + 24.966 * colour.z
        return UInt8(min(max(value, darkest), brightest))
    }

    /// Blue and red difference of a colour by ITU-R BT.601.
    static func chroma(_ colour: SceneColour) -> (UInt8, UInt8) {
        let blue = 128 - 37.797 * colour.x - 74.203 * colour.y + 112 * colour.z
        let red = 128 + 112 * colour.x - 93.786 * colour.y - 18.214 * colour.z
        return (UInt8(min(max(blue, 16), 240)), UInt8(min(max(red, 16), 240)))
    }

    // MARK: Leaves

    private mutating func findSways(_ leaves: [Bool], _ layout: SceneLayout) {
        for tree in layout.trees {
            let middle = camera.project(SIMD3(tree.x, tree.trunk + tree.radius * 0.6, tree.z))
            let reach = tree.radius * 1.3 / middle.depth * camera.focal
            let left = max(0, Int(middle.x - reach)) & ~1
            let right = min(width, Int(middle.x + reach)) & ~1
            let top = max(0, Int(middle.y - reach)) & ~1
            let bottom = min(height, Int(middle.y + reach)) & ~1
            guard right - left > 16, bottom - top > 16 else { continue }
            var mask = [UInt8](repeating: 0, count: (right - left) * (bottom - top))
            for line in top..<bottom {
                for x in left..<right {
                    mask[(line - top) * (right - left) + x - left] = UInt8(255 * leafiness(leaves, x, line))
                }
            }
            sways.append(Sway(x: left, y: top, width: right - left, height: bottom - top, mask: mask))
        }
    }

    /// How leafy it is around a pixel, 0…1, smooth between blocks.
    private func leafiness(_ leaves: [Bool], _ x: Int, _ line: Int) -> Float {
        let across = Float(x) / Float(Self.block) - 0.5
        let down = Float(line) / Float(Self.block) - 0.5
        let i = Int(across.rounded(.down))
        let j = Int(down.rounded(.down))
        let columns = Self.blocks(width)
        let rows = Self.blocks(height)
        func at(_ i: Int, _ j: Int) -> Float {
            leaves[min(max(j, 0), rows - 1) * columns + min(max(i, 0), columns - 1)] ? 1 : 0
        }
        let a = across - Float(i)
        let b = down - Float(j)
        return (at(i, j) * (1 - a) + at(i + 1, j) * a) * (1 - b) + (at(i, j + 1) * (1 - a) + at(i + 1, j + 1) * a) * b
    }
}

extension SceneSample {
    fileprivate func differs(from other: SceneSample) -> Bool {
        guard surface == other.surface else { return true }
        let difference = colour - other.colour
        return abs(difference.x) + abs(difference.y) + abs(difference.z) > 0.3
    }
}
