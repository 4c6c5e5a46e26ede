/// Colour as red, green, blue, 0…1 as displayed.
typealias SceneColour = SIMD3<Float>

/// What stands where in one scene, what it is made of, and in which light. Drawn from the seed; neighbouring seeds differ in kind and light.
struct SceneLayout: Sendable {
    enum Kind: CaseIterable, Sendable {
        /// A house front with a door and a path.
        case frontDoor
        /// A house to one side, its garage drive, a parked car.
        case driveway
        /// A fenced garden with trees and a terrace.
        case garden
    }

    struct Light: Sendable {
        var skyTop: SceneColour
        var skyLow: SceneColour
        var sun: SceneColour
        var ambient: SceneColour
        /// Where the sun stands to the side: -1 left … 1 right.
        var sunSide: Float
        /// 0 no shadows … 1 sharp ones.
        var shadow: Float
        /// Whether lamps and windows glow, 0…1.
        var lamps: Float
        var clouds: Float
    }

    struct Tree: Sendable {
        var x: Float
        var z: Float
        var trunk: Float
        var radius: Float
        var colour: SceneColour
        var salt: UInt32
        /// Middles (from the crown's middle) and radii of the leaf clusters.
        var clusters: [SIMD3<Float>]
    }

    struct Bush: Sendable {
        var x: Float
        var z: Float
        var radius: Float
        var colour: SceneColour
        var salt: UInt32
    }

    struct House: Sendable {
        var left: Float
        var right: Float
        var z: Float
        var eaves: Float
        var wall: SceneColour
        /// 0 plaster, 1 brick, 2 boards.
        var material: Int
        var roof: SceneColour
        var trim: SceneColour
        var door: SceneColour
        var doorX: Float
        var windows: [Float]
        /// Middle and half width of a garage door, width 0 for none.
        var garageX: Float
        var garageHalf: Float
    }

    var kind: Kind
    var light: Light
    var house: House?
    var fenceZ: Float
    var fence: SceneColour
    var grass: SceneColour
    var paving: SceneColour
    var trees: [Tree]
    var bushes: [Bush]
    var carX: Float?
    var carZ: Float
    var car: SceneColour
    var salt: UInt32
    /// Lamp posts of a garden: right and forward, metres.
    var lamps: [SIMD2<Float>]

    /// Height of a lamp post's head, metres.
    static let lampHeight: Float = 1.25

    init(seed: UInt64) {
        func random(_ purpose: UInt64, _ index: UInt64 = 0) -> Float { Float(SceneNoise.unit(seed, purpose, index)) }
        func pick<T>(_ choices: [T], _ purpose: UInt64) -> T {
            choices[min(choices.count - 1, Int(random(purpose) * Float(choices.count)))]
        }
        salt = UInt32(truncatingIfNeeded: SceneNoise.hash(seed))
        kind = Kind.allCases[Int(seed % 3)]
        light = Self.lights[Int((seed % 3 + (seed &- 1) / 3) % UInt64(Self.lights.count))]
        if random(11) < 0.5 { light.sunSide = -light.sunSide }
        let mirror: Float = random(12) < 0.5 ? -1 : 1
        grass = pick([SceneColour(0.36, 0.44, 0.21), SceneColour(0.32, 0.41, 0.24), SceneColour(0.41, 0.45, 0.25)], 13)
        paving = pick([SceneColour(0.62, 0.58, 0.52), SceneColour(0.56, 0.55, 0.55), SceneColour(0.66, 0.56, 0.46)], 14)
        fence = pick([SceneColour(0.50, 0.38, 0.27), SceneColour(0.62, 0.60, 0.55), SceneColour(0.36, 0.33, 0.31)], 15)
        fenceZ = 15 + 3 * random(16)
        car = pick([SceneColour(0.62, 0.13, 0.12), SceneColour(0.18, 0.28, 0.46), SceneColour(0.72, 0.73, 0.74), SceneColour(0.20, 0.22, 0.23)], 17)
        carZ = 11.5
        house = nil
        carX = nil
        trees = []
        bushes = []
        lamps = []
        let wall = pick(
            [SceneColour(0.80, 0.74, 0.63), SceneColour(0.62, 0.36, 0.27), SceneColour(0.72, 0.76, 0.77), SceneColour(0.85, 0.82, 0.76)], 18)
        let doorColour = pick([SceneColour(0.20, 0.34, 0.30), SceneColour(0.50, 0.16, 0.13), SceneColour(0.17, 0.25, 0.38)], 19)
        let roof = pick([SceneColour(0.34, 0.22, 0.19), SceneColour(0.27, 0.28, 0.31), SceneColour(0.44, 0.26, 0.20)], 20)
        let material = wall.y < 0.5 ? 1 : (random(21) < 0.5 ? 0 : 2)
        func makeHouse(_ left: Float, _ right: Float, _ z: Float, door: Float, windows: [Float], garage: Float? = nil) -> House {
            let (a, b) = mirror > 0 ? (left, right) : (-right, -left)
            return House(
                left: a, right: b, z: z, eaves: 3.5, wall: wall, material: material, roof: roof,
                trim: SceneColour(0.92, 0.90, 0.86), door: doorColour, doorX: door * mirror, windows: windows.map { $0 * mirror },
                garageX: (garage ?? 0) * mirror, garageHalf: garage == nil ? 0 : 1.5)
        }
        func tree(_ x: Float, _ z: Float, _ radius: Float, _ index: UInt64) -> Tree {
            let salt = UInt32(truncatingIfNeeded: SceneNoise.hash(seed &+ index &* 77))
            let clusters = (0..<26).map { n -> SIMD3<Float> in
                let i = UInt64(n)
                let angle = Float(n) * 2.399_963
                let distance = radius * 0.78 * (Float(n) / 26).squareRoot()
                return SIMD3(
                    distance * Self.cosine(angle) + 0.2 * radius * (random(31 + index, i) - 0.5),
                    0.8 * distance * Self.cosine(angle - 1.5708) + 0.2 * radius * (random(41 + index, i) - 0.5),
                    radius * (0.26 + 0.14 * random(51 + index, i)))
            }
            let tint = random(22, index)
            return Tree(
                x: x * mirror, z: z, trunk: 1.9 + radius * 0.45, radius: radius,
                colour: SceneColour(0.25 + 0.12 * tint, 0.38 - 0.03 * tint, 0.16), salt: salt, clusters: clusters)
        }
        func bush(_ x: Float, _ z: Float, _ radius: Float, _ index: UInt64) -> Bush {
            Bush(
                x: x * mirror, z: z, radius: radius, colour: SceneColour(0.22 + 0.1 * random(23, index), 0.36, 0.17),
                salt: UInt32(truncatingIfNeeded: SceneNoise.hash(seed &+ index &* 91)))
        }
        switch kind {
        case .frontDoor:
            house = makeHouse(-7.5, 4.2, 12.5, door: -1.2 + random(24), windows: [-5.4, 2.3])
            trees = [tree(7.6, 14, 2.5 + 0.5 * random(25), 1)]
            bushes = [bush(-3.4, 12.1, 0.62, 1), bush(1.0, 12.1, 0.5, 2), bush(3.7, 12.0, 0.7, 3), bush(-7.2, 11.8, 0.8, 4)]
        case .driveway:
            house = makeHouse(-10.5, -1.0, 13, door: -2.3, windows: [-9.3], garage: -6)
            carX = 4.4 * mirror
            trees = [tree(9.6, 16.5, 2.7, 1)]
            bushes = [bush(-1.2, 12.6, 0.6, 1), bush(0.2, 15.2, 0.9, 2), bush(8.4, 13.6, 0.8, 3)]
        case .garden:
            lamps = [SIMD2(-3.7 * mirror, 9.4), SIMD2(1.4 * mirror, 12.6), SIMD2(4.9 * mirror, 8.6)]
            trees = [tree(-6.4, 12, 2.7, 1), tree(7.8, 13.5, 2.1, 2)]
            bushes = (0..<7).map { n in
                bush(-10 + 3.4 * Float(n) + random(26, UInt64(n)), fenceZ - 0.6, 0.6 + 0.5 * random(27, UInt64(n)), UInt64(n))
            }
        }
    }

    /// Cosine by its series, good to 1e-3: the layout needs no more.
    private static func cosine(_ angle: Float) -> Float {
        let turn = angle / 6.283_185
        let x = (turn - turn.rounded()) * 6.283_185
        let y = x * x
        return 1 - y / 2 * (1 - y / 12 * (1 - y / 30 * (1 - y / 56 * (1 - y / 90))))
    }

    private static let lights: [Light] = [
        // A clear morning.
        Light(
            skyTop: SIMD3(0.36, 0.55, 0.80), skyLow: SIMD3(0.76, 0.86, 0.93), sun: SIMD3(0.62, 0.58, 0.48),
            ambient: SIMD3(0.46, 0.50, 0.56), sunSide: 0.8, shadow: 0.75, lamps: 0, clouds: 0.45),
        // Late afternoon.
        Light(
            skyTop: SIMD3(0.38, 0.48, 0.68), skyLow: SIMD3(0.96, 0.78, 0.56), sun: SIMD3(0.72, 0.50, 0.27),
            ambient: SIMD3(0.42, 0.40, 0.46), sunSide: 1.5, shadow: 0.8, lamps: 0.15, clouds: 0.55),
        // Blue hour, lamps lit.
        Light(
            skyTop: SIMD3(0.13, 0.19, 0.34), skyLow: SIMD3(0.55, 0.45, 0.48), sun: SIMD3(0.06, 0.07, 0.10),
            ambient: SIMD3(0.36, 0.40, 0.52), sunSide: 0.5, shadow: 0.15, lamps: 1, clouds: 0.5),
        // A bright overcast day.
        Light(
            skyTop: SIMD3(0.60, 0.65, 0.70), skyLow: SIMD3(0.80, 0.82, 0.83), sun: SIMD3(0.20, 0.20, 0.19),
            ambient: SIMD3(0.66, 0.68, 0.70), sunSide: 0.4, shadow: 0.25, lamps: 0, clouds: 0.8),
    ]
}
