import Foundation

/// What one line of sight meets.
struct SceneSample {
    var colour: SceneColour
    /// Metres; what lies nearer hides a visitor.
    var depth: Float
    /// Kind of surface, for smoothing edges and for what sways.
    var surface: Surface

    enum Surface: UInt8 {
        case sky, ground, paving, wall, opening, roof, fence, trunk, leaves, bush, car, hills
    }
}

/// Follows lines of sight into the scene: ground, house, fence, trees, sky. Costly (microseconds per point); used once per scene.
struct SceneShader {
    let layout: SceneLayout
    let camera: SceneCamera

    func sample(_ x: Float, _ y: Float) -> SceneSample {
        let ray = camera.ray(x, y)
        var best = background(ray)
        if let house = layout.house { meet(house, ray, &best) }
        meetFence(ray, &best)
        if let carX = layout.carX { meetCar(x: carX, ray, &best) }
        for lamp in layout.lamps { meetLamp(lamp, ray, &best) }
        for bush in layout.bushes { meet(bush, ray, &best) }
        for tree in layout.trees { meet(tree, ray, &best) }
        best.colour = finish(best, ray)
        return best
    }

    /// Haze with distance, and the lamps' warm light.
    private func finish(_ sample: SceneSample, _ ray: SIMD3<Float>) -> SceneColour {
        guard sample.surface != .sky else { return sample.colour }
        let haze = min(0.55, max(0, sample.depth - 6) * 0.012)
        return sample.colour * (1 - haze) + layout.light.skyLow * 0.85 * haze
    }

    // MARK: Sky and ground

    private func background(_ ray: SIMD3<Float>) -> SceneSample {
        let light = layout.light
        if ray.y < -0.012 {
            let distance = -camera.elevation / ray.y
            let point = ray * distance
            return ground(x: point.x, z: point.z, distance: distance)
        }
        let azimuth = ray.x / ray.z
        let elevation = ray.y / ray.z
        // Two rows of hills and woods, the nearer darker.
        let far = 0.055 + 0.06 * SceneNoise.fractal(azimuth * 2.2 + 9, 0.5, layout.salt)
        let near = 0.02 + 0.075 * SceneNoise.fractal(azimuth * 5 + 3, 2.5, layout.salt &+ 5, octaves: 5)
        if elevation < near {
            let tone = 0.75 + 0.25 * SceneNoise.fractal(azimuth * 60, elevation * 70, layout.salt, octaves: 3)
            return SceneSample(
                colour: (SceneColour(0.24, 0.31, 0.22) * light.ambient * 1.25 + light.skyLow * 0.12) * tone, depth: 60, surface: .hills)
        }
        if elevation < far {
            return SceneSample(
                colour: SceneColour(0.36, 0.43, 0.44) * light.ambient + light.skyLow * 0.36, depth: 200, surface: .hills)
        }
        let height = min(1, max(0, elevation / 0.55))
        let share = height.squareRoot()
        var colour = light.skyLow * (1 - share) + light.skyTop * share
        let cloud = SceneNoise.fractal(azimuth * 2.1 + 20, elevation * 6.5, layout.salt &+ 40, octaves: 5)
        let density = min(1, max(0, (cloud - (1 - light.clouds)) * 3)) * min(1, elevation * 6)
        let lit = light.skyLow * 0.55 + SceneColour(repeating: 0.42) * (0.4 + light.ambient)
        colour += (lit - colour) * density * 0.75
        return SceneSample(colour: colour, depth: 10_000, surface: .sky)
    }

    private func ground(x: Float, z: Float, distance: Float) -> SceneSample {
        var colour: SceneColour
        var surface = SceneSample.Surface.ground
        let blades = SceneNoise.fractal(x * 9, z * 9, layout.salt &+ 2)
        let patches = SceneNoise.fractal(x * 0.5, z * 0.5, layout.salt &+ 3)
        colour = layout.grass * (0.62 + 0.4 * blades + 0.35 * patches)
        colour.x += 0.06 * patches
        let edge = pavedEdge(x: x, z: z)
        if edge > 0 {
            surface = .paving
            colour = pavedColour(x: x, z: z)
        } else if edge > -0.12 {
            // A border of stone.
            colour = layout.paving * (0.72 + 0.2 * blades)
            surface = .paving
        }
        colour *= lightOnGround(x: x, z: z)
        return SceneSample(colour: colour, depth: distance, surface: surface)
    }

    /// How far inside the paved area a point of the ground lies, metres; negative outside.
    private func pavedEdge(x: Float, z: Float) -> Float {
        switch layout.kind {
        case .frontDoor:
            guard let house = layout.house, z < house.z else { return -1 }
            // A path that bends from the picture's lower edge to the door.
            let share = min(1, max(0, (z - 3) / (house.z - 3)))
            let bend = share * share * (3 - 2 * share)
            let middle = house.doorX * bend + (house.doorX < 0 ? 2.2 : -2.2) * (1 - bend)
            return 0.85 - abs(x - middle)
        case .driveway:
            guard let house = layout.house else { return -1 }
            let middle = house.garageX * 0.25 + (layout.carX ?? 0) * 0.42
            let drive = 5.2 - abs(x - middle)
            return z < house.z ? drive : (z > 17.5 && z < 23 ? 1 : min(drive, 17.5 - z))
        case .garden:
            return 6.1 - z + 0.25 * SceneNoise.smooth(x * 0.7, 3, layout.salt)
        }
    }

    private func pavedColour(x: Float, z: Float) -> SceneColour {
        let grain = SceneNoise.fractal(x * 14, z * 14, layout.salt &+ 6, octaves: 3)
        if layout.kind == .driveway {
            let stain = SceneNoise.fractal(x * 0.6, z * 0.6, layout.salt &+ 7)
            return SceneColour(0.40, 0.40, 0.42) * (0.72 + 0.3 * grain + 0.2 * stain)
        }
        // Slabs in a running bond, each a little different.
        let size: Float = layout.kind == .garden ? 0.62 : 0.45
        let row = (z / size).rounded(.down)
        let shifted = x / size + (Int(row) % 2 == 0 ? 0 : 0.5)
        let column = shifted.rounded(.down)
        let joint = min(min(shifted - column, column + 1 - shifted), min(z / size - row, row + 1 - z / size)) * size
        let tone = 0.82 + 0.22 * SceneNoise.lattice(Int32(column), Int32(row), layout.salt &+ 8)
        return layout.paving * (tone * (0.82 + 0.2 * grain)) * (joint < 0.018 ? 0.62 : 1)
    }

    /// Sun and sky on the ground, with the shadows of house, fence and trees.
    private func lightOnGround(x: Float, z: Float) -> SceneColour {
        let light = layout.light
        var shade: Float = 0
        let side = light.sunSide
        if let house = layout.house, z < house.z {
            let reach = 1.1 + 0.6 * abs(side)
            let begin = house.z - reach
            let inside = min(x - house.left + 0.4, house.right + 0.4 - x) / 0.3
            shade = max(shade, min(1, max(0, (z - begin) / 0.3)) * min(1, max(0, inside)))
        }
        let fromFence = layout.fenceZ - z
        if fromFence > 0, fromFence < 1.0 { shade = max(shade, min(1, (1.0 - fromFence) / 0.15) * 0.8) }
        for tree in layout.trees {
            let dx = (x - (tree.x - side * 2.2)) / (tree.radius * 1.25)
            let dz = (z - (tree.z - 1.6)) / (tree.radius * 0.8)
            let inside = 1 - (dx * dx + dz * dz)
            guard inside > 0 else { continue }
            let gaps = SceneNoise.fractal(x * 2.2, z * 2.2, tree.salt)
            shade = max(shade, min(1, inside * 3) * min(1, max(0, (gaps - 0.28) * 4)))
        }
        for bush in layout.bushes {
            let dx = (x - (bush.x - side * 0.3)) / (bush.radius * 1.2)
            let dz = (z - (bush.z - 0.3)) / (bush.radius * 0.9)
            shade = max(shade, min(1, max(0, 1.2 - (dx * dx + dz * dz)) * 1.5))
        }
        if let carX = layout.carX {
            let dx = (x - carX) / 2.35
            let dz = (z - layout.carZ + 0.12) / 0.5
            shade = max(shade, min(1, max(0, 1.15 - (dx * dx * dx * dx + dz * dz)) * 2.2))
        }
        let total = light.ambient * (1 - 0.35 * shade) + light.sun * 1.15 * (1 - shade * light.shadow)
        return total + lampLight(x: x, y: 0, z: z)
    }

    /// What the lamps add at a point: the one beside the door, or the posts of the garden.
    private func lampLight(x: Float, y: Float, z: Float) -> SceneColour {
        let light = layout.light
        guard light.lamps > 0 else { return SceneColour() }
        var strength: Float = 0
        if let house = layout.house {
            let dx = x - house.doorX
            let dz = z - (house.z - 0.6)
            strength += 1.6 / (1 + 0.55 * (dx * dx + dz * dz))
        }
        for lamp in layout.lamps {
            let dx = x - lamp.x
            let dy = y - SceneLayout.lampHeight
            let dz = z - lamp.y
            strength += 1.15 / (0.8 + 0.6 * (dx * dx + dy * dy + dz * dz))
        }
        return SceneColour(0.95, 0.62, 0.28) * (light.lamps * strength)
    }

    /// A lamp post: a thin pole with a glowing head.
    private func meetLamp(_ lamp: SIMD2<Float>, _ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = lamp.y / ray.z
        guard distance < best.depth else { return }
        let x = ray.x * distance - lamp.x
        let y = camera.elevation + ray.y * distance
        guard abs(x) < 0.12, y >= 0, y < SceneLayout.lampHeight + 0.2 else { return }
        let glow = layout.light.lamps
        if y > SceneLayout.lampHeight - 0.12, abs(x) < 0.085, y < SceneLayout.lampHeight + 0.1 {
            let colour = SceneColour(1, 0.88, 0.62) * glow + SceneColour(0.72, 0.72, 0.68) * layout.light.ambient * (1 - glow)
            best = SceneSample(colour: colour, depth: distance, surface: .opening)
        } else if abs(x) < 0.03 || y > SceneLayout.lampHeight {
            best = SceneSample(
                colour: SceneColour(0.12, 0.12, 0.13) * (layout.light.ambient + layout.light.sun), depth: distance, surface: .trunk)
        }
    }

    // MARK: House and fence

    private func meet(_ house: SceneLayout.House, _ ray: SIMD3<Float>, _ best: inout SceneSample) {
        HouseShader(house: house, layout: layout, camera: camera).meet(ray, &best)
    }

    private func meetFence(_ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = layout.fenceZ / ray.z
        guard layout.kind != .driveway, distance < best.depth else { return }
        let x = ray.x * distance
        let y = camera.elevation + ray.y * distance
        let board = (x / 0.16).rounded(.down)
        let top = 1.75 + 0.03 * SceneNoise.lattice(Int32(board), 1, layout.salt)
        guard y >= 0, y < top else { return }
        let within = x / 0.16 - board
        let grain = SceneNoise.fractal(x * 20, y * 1.6, layout.salt &+ 12, octaves: 3)
        let tone = 0.74 + 0.2 * SceneNoise.lattice(Int32(board), 2, layout.salt) + 0.22 * grain
        let gap: Float = within < 0.09 || within > 0.97 ? 0.5 : 1
        let foot = 0.75 + 0.25 * min(1, y / 0.5)
        best = SceneSample(
            colour: layout.fence * (layout.light.ambient + layout.light.sun * 0.75 + lampLight(x: x, y: y, z: layout.fenceZ))
                * (tone * gap * foot), depth: distance, surface: .fence)
    }

    // MARK: Plants

    private func meet(_ bush: SceneLayout.Bush, _ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = bush.z / ray.z
        guard distance < best.depth else { return }
        let x = (ray.x * distance - bush.x) / bush.radius
        let y = (camera.elevation + ray.y * distance) / (bush.radius * 1.5)
        guard abs(x) < 1.3, y > -0.05, y < 1.3 else { return }
        let ragged = 0.78 + 0.34 * SceneNoise.fractal(x * 5, y * 5, bush.salt)
        let reach = (x * x + (y - 0.35) * (y - 0.35) * 2.1).squareRoot()
        guard reach < ragged else { return }
        let leaf = SceneNoise.fractal(x * 14 * bush.radius, y * 14 * bush.radius, bush.salt &+ 1)
        let lit = 0.35 + 0.55 * min(1, max(0, y)) + 0.25 * x * (layout.light.sunSide > 0 ? 1 : -1)
        let glow = bush.colour * lampLight(x: ray.x * distance, y: y * bush.radius, z: bush.z) * (0.3 + 0.8 * leaf)
        best = SceneSample(colour: leafColour(bush.colour, leaf: leaf, lit: lit) + glow, depth: distance, surface: .bush)
    }

    private func meet(_ tree: SceneLayout.Tree, _ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = tree.z / ray.z
        guard distance < best.depth else { return }
        let x = ray.x * distance - tree.x
        let y = camera.elevation + ray.y * distance
        if abs(x) < 0.5, y >= 0, y < tree.trunk {
            let half = 0.17 + 0.13 / (1 + 3 * y)
            let bark = SceneNoise.fractal(x * 26, y * 3, tree.salt &+ 3)
            let round = 1 - 0.5 * (x / half + (layout.light.sunSide > 0 ? -0.4 : 0.4)).magnitude
            if abs(x) < half {
                best = SceneSample(
                    colour: SceneColour(0.36, 0.28, 0.21) * (layout.light.ambient + layout.light.sun) * ((0.55 + 0.55 * bark) * round),
                    depth: distance, surface: .trunk)
            }
        }
        let crownY = y - tree.trunk - tree.radius * 0.6
        guard x * x + crownY * crownY < tree.radius * tree.radius * 1.6 else { return }
        let ragged = SceneNoise.fractal(x * 4.5, y * 4.5, tree.salt, octaves: 5)
        var lit: Float?
        for cluster in tree.clusters {
            let dx = x - cluster.x
            let dy = crownY - cluster.y
            let reach = cluster.z * (0.62 + 0.75 * ragged)
            guard dx * dx + dy * dy < reach * reach else { continue }
            let up = dy / cluster.z
            let across = dx / cluster.z * (layout.light.sunSide > 0 ? 1 : -1)
            let height = crownY / tree.radius
            lit = max(lit ?? 0, 0.42 + 0.24 * up + 0.16 * across + 0.22 * height)
        }
        guard let lit else { return }
        let leaf = SceneNoise.fractal(x * 11, y * 11, tree.salt &+ 9)
        let glow = tree.colour * lampLight(x: ray.x * distance, y: y, z: tree.z) * (0.3 + 0.8 * leaf)
        best = SceneSample(colour: leafColour(tree.colour, leaf: leaf, lit: lit) + glow, depth: distance, surface: .leaves)
    }

    private func leafColour(_ colour: SceneColour, leaf: Float, lit: Float) -> SceneColour {
        let light = min(1.2, max(0.1, lit))
        return colour * (layout.light.ambient * (0.5 + 0.7 * light) + layout.light.sun * 1.6 * light) * (0.45 + 0.95 * leaf)
    }

    // MARK: Car

    private func meetCar(x carX: Float, _ ray: SIMD3<Float>, _ best: inout SceneSample) {
        let distance = layout.carZ / ray.z
        guard distance < best.depth else { return }
        let x = (ray.x * distance - carX) * (carX > 0 ? -1 : 1)
        let y = camera.elevation + ray.y * distance
        guard abs(x) < 2.2, y > 0, y < 1.5 else { return }
        if let colour = CarShader.colour(x: x, y: y, paint: layout.car, light: layout.light) {
            best = SceneSample(colour: colour, depth: distance, surface: .car)
        }
    }
}
