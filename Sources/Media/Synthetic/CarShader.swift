/// A parked car seen from the side, as a function of metres from its middle and above the ground.
enum CarShader {
    static func colour(x: Float, y: Float, paint: SceneColour, light: SceneLayout.Light) -> SceneColour? {
        let full = light.ambient + light.sun
        for axle in [Float(-1.32), 1.34] {
            let dx = x - axle
            let dy = y - 0.33
            let reach = (dx * dx + dy * dy).squareRoot()
            if reach < 0.33 {
                if reach < 0.2 {
                    // Spokes.
                    let spoke = abs(dx * dy) < 0.004 || abs(dx * dx - dy * dy) < 0.004
                    return SceneColour(repeating: spoke ? 0.62 : 0.32) * full
                }
                return SceneColour(repeating: 0.08) * full
            }
            if reach < 0.39, y > 0.3 { return SceneColour(repeating: 0.05) }
        }
        // The waist runs a little higher at the back; bumpers are rounded.
        let waist = 0.92 + 0.02 * x
        let bumper = 2.08 - 0.5 * max(0, abs(y - 0.55) - 0.25)
        if y >= 0.2, y < waist, abs(x) < bumper {
            if x > 1.9, y > 0.6, y < 0.75 { return SceneColour(0.9, 0.9, 0.82) * full }
            if x < -1.95, y > 0.6, y < 0.78 { return SceneColour(0.7, 0.1, 0.08) * full }
            let door = abs(x + 0.1) < 0.008 || abs(x - 0.95) < 0.008 || abs(x + 1.05) < 0.008
            let handle = y > 0.76 && y < 0.79 && abs(x + 0.3) < 0.09
            // The upper half mirrors the sky.
            let shine = y > 0.62 ? 0.22 * (y - 0.62) / 0.3 : 0
            let tone = 0.72 + 0.4 * (y - 0.2) / 0.72
            if handle { return paint * full * 1.3 }
            return paint * full * (door ? 0.5 : tone) + light.skyLow * shine
        }
        let roof: Float = 1.44
        guard y >= waist, y < roof else { return nil }
        let rise = (y - waist) / (roof - waist)
        let front = 1.05 - 0.62 * rise
        let back = -1.55 + 0.45 * rise * rise
        guard x < front, x > back else { return nil }
        let isFrame = x > front - 0.07 || x < back + 0.09 || y > roof - 0.06 || abs(x + 0.12) < 0.035
        if isFrame { return paint * full * 0.95 + light.skyLow * 0.1 }
        let mirrored = light.skyLow * 0.28 + light.skyTop * 0.2 * rise
        return SceneColour(0.08, 0.10, 0.12) * full + mirrored * (0.6 + 0.4 * (x - back) / (front - back))
    }
}
