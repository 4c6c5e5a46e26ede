/// The house: front and side wall, roof, windows, door, garage.
struct HouseShader {
    let house: SceneLayout.House
    let layout: SceneLayout
    let camera: SceneCamera

    func meet(_ ray: SIMD3<Float>, _ best: inout SceneSample) {
        meetRoof(ray, &best)
        meetSide(ray, &best)
        meetFront(ray, &best)
    }

    private func meetRoof(_ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let slope: Float = 0.55
        let begin = house.z - 0.5
        let fall = ray.y - slope * ray.z
        guard abs(fall) > 1e-5 else { return }
        let distance = (house.eaves - camera.elevation - slope * begin) / fall
        guard distance > 0, distance < best.depth else { return }
        let x = ray.x * distance
        let z = ray.z * distance
        guard z > begin, z < begin + 4.5, x > house.left - 0.4, x < house.right + 0.4 else { return }
        let row = ((z - begin) / 0.28).rounded(.down)
        let within = (z - begin) / 0.28 - row
        let column = (x / 0.3 + (Int(row) % 2 == 0 ? 0 : 0.5)).rounded(.down)
        let tone = 0.78 + 0.25 * SceneNoise.lattice(Int32(column), Int32(row), layout.salt &+ 20) - 0.25 * (within < 0.15 ? 1 : 0)
        best = SceneSample(
            colour: house.roof * (layout.light.ambient + layout.light.sun * 1.1) * tone, depth: distance, surface: .roof)
    }

    private func meetSide(_ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let plane = house.right < 0 ? house.right : (house.left > 0 ? house.left : 0)
        guard plane != 0, ray.x * plane > 0 else { return }
        let distance = plane / ray.x
        let z = ray.z * distance
        let y = camera.elevation + ray.y * distance
        guard distance < best.depth, z > house.z, z < house.z + 7, y >= 0, y < house.eaves + 0.55 * min(z - house.z + 0.5, 4.5) else { return }
        let lit: Float = (layout.light.sunSide > 0) == (plane < 0) ? 0.9 : 0.25
        best = SceneSample(
            colour: wallTone(along: z, y: y) * (layout.light.ambient + layout.light.sun * lit), depth: distance, surface: .wall)
    }

    private func meetFront(_ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = house.z / ray.z
        guard distance < best.depth else { return }
        let x = ray.x * distance
        let y = camera.elevation + ray.y * distance
        guard x > house.left, x < house.right, y >= 0, y < house.eaves + 0.05 else { return }
        let light = layout.light
        // Under the eaves it is darker, and at the foot a plinth.
        let eaves = 1 - 0.45 * min(1, max(0, 1 - (house.eaves - y) / 0.55))
        var full = (light.ambient + light.sun * 0.85) * eaves
        let glow = lampGlow(x: x, y: y)
        full += glow
        if let opening = opening(x: x, y: y, full: full) {
            best = SceneSample(colour: opening, depth: distance, surface: .opening)
            return
        }
        let plinth: Float = y < 0.35 ? 0.72 : 1
        best = SceneSample(colour: wallTone(along: x, y: y) * full * plinth, depth: distance, surface: .wall)
    }

    private func wallTone(along u: Float, y: Float) -> SceneColour {
        let stain = SceneNoise.fractal(u * 0.8, y * 0.8, layout.salt &+ 21)
        switch house.material {
        case 1:
            let row = (y / 0.09).rounded(.down)
            let shifted = u / 0.26 + (Int(row) % 2 == 0 ? 0 : 0.5)
            let column = shifted.rounded(.down)
            let joint = (shifted - column) < 0.05 || (y / 0.09 - row) < 0.14
            let tone = 0.78 + 0.3 * SceneNoise.lattice(Int32(column), Int32(row), layout.salt &+ 22)
            return joint ? SceneColour(0.66, 0.62, 0.56) * 0.8 : house.wall * tone * (0.85 + 0.25 * stain)
        case 2:
            let row = (y / 0.2).rounded(.down)
            let within = y / 0.2 - row
            return house.wall * (0.82 + 0.16 * within + 0.1 * stain) * (within < 0.09 ? 0.68 : 1)
        default:
            let grain = SceneNoise.fractal(u * 18, y * 18, layout.salt &+ 23, octaves: 3)
            return house.wall * (0.82 + 0.12 * grain + 0.14 * stain)
        }
    }

    private func lampGlow(x: Float, y: Float) -> SceneColour {
        guard layout.light.lamps > 0 else { return SceneColour() }
        let dx = x - lampX
        let dy = y - 2.25
        return SceneColour(1.0, 0.66, 0.30) * (layout.light.lamps * 1.15 / (1 + 1.5 * (dx * dx + dy * dy)))
    }

    private var lampX: Float { house.doorX + 0.85 }

    /// Doors, windows, the lamp.
    private func opening(x: Float, y: Float, full: SceneColour) -> SceneColour? {
        let light = layout.light
        let dx = x - lampX
        let dy = y - 2.15
        if abs(dx) < 0.09, abs(dy) < 0.15 {
            return light.lamps > 0.5 ? SceneColour(1, 0.90, 0.66) : SceneColour(0.30, 0.28, 0.26) * full
        }
        if let door = door(x: x - house.doorX, y: y, full: full) { return door }
        for middle in house.windows {
            if let window = window(x: x - middle, y: y - 1.65, full: full) { return window }
        }
        if house.garageHalf > 0 { return garage(x: x - house.garageX, y: y, full: full) }
        return nil
    }

    private func door(x: Float, y: Float, full: SceneColour) -> SceneColour? {
        guard abs(x) < 0.62, y < 2.28 else { return nil }
        if abs(x) > 0.5 || y > 2.14 { return house.trim * full }
        if y < 0.12 { return SceneColour(repeating: 0.5) * full }
        if abs(x - 0.38) < 0.03, abs(y - 1.05) < 0.09 { return SceneColour(0.85, 0.75, 0.5) * full }
        if y > 1.45, y < 1.95, abs(x) < 0.3 { return glass(x: x, y: y, full: full, glow: 0.7) }
        let panel = abs(abs(x) - 0.22) < 0.16 && ((y > 0.3 && y < 0.75) || (y > 0.85 && y < 1.3))
        let rim = panel && (abs(abs(x) - 0.22) > 0.135 || abs(y - 0.525).magnitude > 0.2 && abs(y - 1.075) > 0.2)
        return house.door * full * (rim ? 0.7 : (panel ? 0.92 : 1.05))
    }

    private func window(x: Float, y: Float, full: SceneColour) -> SceneColour? {
        guard abs(x) < 0.98, abs(y) < 0.75 else { return nil }
        if y < -0.66 { return house.trim * full * 0.85 }
        guard abs(x) < 0.92, abs(y) < 0.68 else { return abs(x) < 0.98 ? house.trim * full : nil }
        let frame = abs(x) > 0.84 || abs(y) > 0.6 || abs(x) < 0.035 || abs(y - 0.18) < 0.025
        return frame ? house.trim * full : glass(x: x, y: y, full: full, glow: 1)
    }

    private func glass(x: Float, y: Float, full: SceneColour, glow: Float) -> SceneColour {
        let light = layout.light
        let curtain = 0.75 + 0.25 * SceneNoise.smooth(x * 7, 1, layout.salt &+ 25)
        let inside = SceneColour(1.0, 0.74, 0.40) * (light.lamps * glow * curtain * (0.78 + 0.15 * y))
        let mirrored = (light.skyLow * 0.32 + light.skyTop * 0.25) * (0.55 + 0.3 * (x + y))
        return SceneColour(0.06, 0.07, 0.09) + mirrored * (1 - 0.8 * light.lamps) + inside
    }

    private func garage(x: Float, y: Float, full: SceneColour) -> SceneColour? {
        guard abs(x) < house.garageHalf + 0.1, y < 2.4 else { return nil }
        if abs(x) > house.garageHalf || y > 2.3 { return house.trim * full }
        let row = (y / 0.46).rounded(.down)
        let within = y / 0.46 - row
        return SceneColour(0.74, 0.73, 0.70) * full * (within < 0.06 ? 0.6 : 0.9 + 0.08 * within)
    }
}
