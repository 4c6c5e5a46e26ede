public struct SyntheticScene: Sendable { public let seed: UInt64; public init(seed: UInt64) { self.seed = seed } }
struct SceneRenderer { init(scene: SyntheticScene, width: Int, height: Int, label: String) {}
 mutating func render(time: Double, clock: String, into canvas: YUVCanvas) {
   for r in 0..<canvas.height { (canvas.y + r*canvas.lumaStride).update(repeating: UInt8(40 + (r + Int(time*30)) % 160), count: canvas.width) }
   canvas.u.update(repeating: 128, count: canvas.chromaStride * canvas.height / 2)
   canvas.v.update(repeating: 128, count: canvas.chromaStride * canvas.height / 2)
 } }
struct SceneSound { init(scene: SyntheticScene) {}; func samples(from: Int64, count: Int) -> [Float] { Array(repeating: 0, count: count) } }
