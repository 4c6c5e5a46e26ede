import Foundation

/// The scene's camera: a pinhole 3 m above the ground, looking forward and a little down. World: x right, y up, z forward, metres.
struct SceneCamera: Sendable {
    let width: Int
    let height: Int
    let elevation: Float = 3
    /// Pixels per unit of slope.
    let focal: Float
    private let sine: Float
    private let cosine: Float

    /// Half of the horizontal field of view as a slope: 36 degrees to either side.
    static let halfWidthSlope: Float = 0.7265

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        focal = Float(width) / 2 / Self.halfWidthSlope
        // Portrait or very wide pictures keep the horizon at the same part of the height.
        let tilt = atan(Float(height) / 2 / focal * 0.52)
        sine = sin(tilt)
        cosine = cos(tilt)
    }

    /// The direction of a picture point; its z is near 1, so that distance along it is nearly depth.
    func ray(_ x: Float, _ y: Float) -> SIMD3<Float> {
        let right = (x - Float(width) / 2) / focal
        let up = (Float(height) / 2 - y) / focal
        return SIMD3(right, up * cosine - sine, cosine + up * sine)
    }

    /// Where a world point is seen, and its depth.
    func project(_ point: SIMD3<Float>) -> (x: Float, y: Float, depth: Float) {
        let y = point.y - elevation
        let depth = max(0.1, point.z * cosine - y * sine)
        let up = y * cosine + point.z * sine
        return (Float(width) / 2 + point.x / depth * focal, Float(height) / 2 - up / depth * focal, depth)
    }
}
