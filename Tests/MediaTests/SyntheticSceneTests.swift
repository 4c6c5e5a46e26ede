import Foundation
import Testing

@testable import Media

@Suite struct SyntheticSceneTests {
    private func render(_ renderer: inout SceneRenderer, _ time: Double, _ pool: PicturePool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try pool.picture(captured: .now, duration90k: 1) { canvas in
            renderer.render(time: time, clock: "2026-01-01 00:00:00", into: canvas)
            for line in 0..<canvas.height { bytes += UnsafeBufferPointer(start: canvas.y + line * canvas.lumaStride, count: canvas.width) }
            for plane in [canvas.u, canvas.v] {
                for line in 0..<canvas.height / 2 { bytes += UnsafeBufferPointer(start: plane + line * canvas.chromaStride, count: canvas.width / 2) }
            }
        }
        return bytes
    }

    @Test func theSameSeedAndTimeGiveTheSamePictureInAnyOrder() throws {
        let pool = try PicturePool(width: 320, height: 180)
        let scene = SyntheticScene(seed: 11)
        let visit = try #require(scene.events(until: 60).first)
        let times = [0.0, visit.start + 3, visit.end + 2, visit.start + 5]
        var first = SceneRenderer(scene: scene, width: 320, height: 180, label: "a")
        var second = SceneRenderer(scene: scene, width: 320, height: 180, label: "a")
        let forward = try times.map { try render(&first, $0, pool) }
        let backward = try times.reversed().map { try render(&second, $0, pool) }
        // Not compared inside the macro: it would print megabytes.
        let isSame = forward == backward.reversed()
        #expect(isSame)
        #expect(Set(forward.map(\.hashValue)).count == times.count, "different times must differ")
    }

    @Test func differentSeedsShowDifferentPlaces() throws {
        let pool = try PicturePool(width: 160, height: 90)
        let pictures = try (1...6).map { seed -> [UInt8] in
            var renderer = SceneRenderer(scene: SyntheticScene(seed: UInt64(seed)), width: 160, height: 90, label: "a")
            return try render(&renderer, 0, pool)
        }
        for left in pictures.indices {
            for right in pictures.indices where left < right {
                let difference = zip(pictures[left], pictures[right]).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                #expect(difference > 5 * pictures[left].count, "seeds \(left + 1) and \(right + 1)")
            }
        }
    }

    @Test func theScheduleKeepsItsPromises() {
        for seed in UInt64(0)..<300 {
            let events = SyntheticScene(seed: seed).events(until: 1000)
            #expect(events.first.map { (15...20).contains($0.start) } == true, "seed \(seed)")
            for event in events { #expect((6...12).contains(event.end - event.start), "seed \(seed): \(event)") }
            for (one, next) in zip(events, events.dropFirst()) {
                #expect((30...60).contains(next.start - one.start), "seed \(seed)")
            }
            #expect(events == Array(SyntheticScene(seed: seed).events(until: 2000).prefix(events.count)))
        }
    }

    /// The truth is what the picture shows: chroma has no noise, so it differs from the empty scene exactly while somebody is visible.
    @Test func visitorsAreSeenDuringTheirEventsOnly() throws {
        let pool = try PicturePool(width: 640, height: 360)
        for seed in [1, 2, 3, 8] as [UInt64] {
            let scene = SyntheticScene(seed: seed)
            var renderer = SceneRenderer(scene: scene, width: 640, height: 360, label: "a")
            let chroma = 640 * 360
            let empty = try render(&renderer, 0, pool)[chroma...]
            for event in scene.events(until: 120) {
                func changed(_ time: Double) throws -> Int {
                    zip(try render(&renderer, time, pool)[chroma...], empty).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
                }
                #expect(try changed(event.start - 0.1) == 0, "seed \(seed)")
                #expect(try changed(event.end + 0.1) == 0, "seed \(seed)")
                #expect(try changed(event.start + 1) > 100, "seed \(seed) \(event)")
                #expect(try changed((event.start + event.end) / 2) > 200, "seed \(seed) \(event)")
                #expect(try changed(event.end - 1) > 100, "seed \(seed) \(event)")
            }
        }
    }

    @Test func stepsAreHeardWhileSomebodyWalks() throws {
        let scene = SyntheticScene(seed: 5)
        let event = try #require(scene.events(until: 60).first)
        let tones = SceneSound(scene: scene)
        func loudness(_ from: Double, _ to: Double) -> Float {
            stride(from: from, to: to, by: 0.02).map { time in
                tones.samples(from: Int64(time * 48_000), count: 960).map(abs).max() ?? 0
            }.max() ?? 0
        }
        #expect(loudness(event.start, event.end) > 2 * loudness(event.start - 5, event.start - 0.2))
        #expect(loudness(event.start, event.end) < 1)
        // Sample by sample the same, however it is cut.
        let whole = tones.samples(from: 960_000, count: 1920)
        let halves = tones.samples(from: 960_000, count: 960) + tones.samples(from: 960_960, count: 960)
        #expect(zip(whole, halves).allSatisfy { abs($0 - $1) < 0.01 })
    }

    @Test func theFontHasEveryPrintableCharacter() {
        var shapes = Set<[UInt8]>()
        for code in UInt8(32)..<127 {
            let rows = BitmapFont.rows(of: Character(UnicodeScalar(code)))
            #expect(rows.count == 7 && rows.allSatisfy { $0 < 32 })
            shapes.insert(rows)
        }
        #expect(shapes.count == 95, "no two characters look alike")
        #expect(BitmapFont.rows(of: "é").count == 7)
    }
}
