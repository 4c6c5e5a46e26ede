import Foundation
import Testing

@testable import Media

/// The detector against the labelled footage, scored as its README suggests: time precision and recall, own starts within 1.5 s, false alarms.
struct MotionScore: CustomStringConvertible {
    var precision = 0.0
    var recall = 0.0
    var ownStarts = 0
    var events = 0
    var falseAlarms = 0

    init(detections: [(start: Double, end: Double)], labels: [Footage.Span], duration: Double) {
        let wanted = labels.filter { $0.kind == "event" }
        let ignored = labels.filter { $0.kind == "ignore" }
        var both = 0, detected = 0, eventTime = 0
        // The first half second is not scored.
        for step in 50..<max(51, Int(duration * 100)) {
            let time = Double(step) / 100
            let isEvent = wanted.contains { time >= $0.start && time < $0.end }
            let isDetected = detections.contains { time >= $0.start && time < $0.end }
            let isIgnored = ignored.contains { time >= $0.start && time < $0.end }
            if isEvent { eventTime += 1 }
            if isDetected && !isIgnored || isDetected && isEvent { detected += 1 }
            if isEvent && isDetected { both += 1 }
        }
        precision = detected == 0 ? 1 : Double(both) / Double(detected)
        recall = eventTime == 0 ? 1 : Double(both) / Double(eventTime)
        events = wanted.count
        var used = Set<Int>()
        for event in wanted {
            let begin = max(event.start, 0.5)
            if let index = detections.indices.first(where: { !used.contains($0) && abs(detections[$0].start - begin) <= 1.5 }) {
                used.insert(index)
                ownStarts += 1
            }
        }
        falseAlarms =
            detections.filter { detection in
                !(wanted + ignored).contains { detection.start < $0.end && detection.end > $0.start }
            }.count
    }

    var description: String {
        String(
            format: "precision %.3f recall %.3f own starts %d/%d false alarms %d", precision, recall, ownStarts, events, falseAlarms)
    }
}

/// Runs a detector over pictures with their times and collects its intervals.
struct DetectionRun {
    var detector = MotionDetector(settings: MotionSettings())
    var detections: [(start: Double, end: Double)] = []
    private var open: Double?

    mutating func look(_ picture: Picture, time: Double) {
        let reading = picture.withLuma { detector.look(at: $0, captured: at(time)) }
        switch reading.event?.phase {
        case .began: open = (reading.event.map { ($0.at - origin).inSeconds }) ?? time
        case .ended:
            if let start = open, let event = reading.event { detections.append((start, (event.at - origin).inSeconds)) }
            open = nil
        case .continues, nil: break
        }
    }

    mutating func finish(at time: Double) {
        if let start = open { detections.append((start, time)) }
        open = nil
    }
}

@Suite struct MotionFootageTests {
    struct Floor: Sendable {
        var name: String
        var precision: Double
        var recall: Double
        var allStarts: Bool
    }

    /// What the detector truly reaches, less a little for another decoder's rounding.
    static let floors = [
        Floor(name: "room_people_av", precision: 0.93, recall: 0.97, allStarts: true),
        Floor(name: "night_person", precision: 0.93, recall: 0.95, allStarts: true),
        Floor(name: "cars_auto_exposure", precision: 0.93, recall: 0.9, allStarts: true),
        Floor(name: "cctv_pedestrians", precision: 1, recall: 0.9, allStarts: true),
        Floor(name: "foliage_hand", precision: 0.95, recall: 0.5, allStarts: true),
        Floor(name: "empty_room_light_changes", precision: 1, recall: 1, allStarts: true),
    ]

    @Test(arguments: floors) func reachesItsFloor(_ floor: Floor) throws {
        guard let path = Footage.path("\(floor.name).mp4") else { return try syntheticStandIn() }
        let reader = try FileReader(path: path, audio: false, passThrough: false)
        var run = DetectionRun()
        while let item = try reader.next() {
            if case .picture(let picture) = item.content { run.look(picture, time: item.time) }
        }
        run.finish(at: reader.duration)
        let labels = try Footage.labels(floor.name)
        let score = MotionScore(detections: run.detections, labels: labels, duration: reader.duration)
        let alwaysOn = MotionScore(detections: [(0, reader.duration)], labels: labels, duration: reader.duration)
        print("motion \(floor.name): \(score)\n  always on: \(alwaysOn)")
        #expect(score.falseAlarms == 0, "\(run.detections)")
        #expect(score.precision >= floor.precision, "\(run.detections)")
        #expect(score.recall >= floor.recall, "\(run.detections)")
        #expect(!floor.allStarts || score.ownStarts == score.events, "\(run.detections)")
    }

    /// Without the footage the synthetic scene, which knows its own truth, is the measure.
    private func syntheticStandIn() throws {
        try MotionSyntheticTests().findsEveryVisitorAndNothingElse(seed: 1)
    }
}

@Suite struct MotionSyntheticTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func findsEveryVisitorAndNothingElse(seed: UInt64) throws {
        let scene = SyntheticScene(seed: seed)
        let (width, height, rate) = (640, 360, 10.0)
        var renderer = SceneRenderer(scene: scene, width: width, height: height, label: "seed \(seed)")
        let pool = try PicturePool(width: width, height: height)
        var run = DetectionRun()
        let duration = 130.0
        for index in 0..<Int(duration * rate) {
            let time = Double(index) / rate
            let second = Int(time) % 60
            let drawn = try pool.picture(captured: at(time), duration90k: 9000) {
                renderer.render(time: time, clock: "2026-01-01 00:00:\(second < 10 ? "0" : "")\(second)", into: $0)
            }
            run.look(drawn, time: time)
        }
        run.finish(at: duration)
        let truth = scene.events(until: duration).map { Footage.Span(start: $0.start, end: min($0.end, duration), kind: "event") }
        let score = MotionScore(detections: run.detections, labels: truth, duration: duration)
        print("motion synthetic seed \(seed): \(score)")
        #expect(score.falseAlarms == 0, "seed \(seed): \(run.detections) for \(truth)")
        #expect(score.ownStarts == score.events, "seed \(seed): \(run.detections) for \(truth)")
        #expect(score.events >= 2)
        #expect(score.recall >= 0.85 && score.precision >= 0.85, "seed \(seed): \(run.detections) for \(truth)")
    }

    @Test func aDarkenedSceneIsNoMotion() throws {
        // A flat picture with a gradient that loses 40 % of its light at once, and a mutation of the same size in one place that must be found.
        for moved in [false, true] {
            var run = DetectionRun()
            let pool = try PicturePool(width: 320, height: 180)
            for index in 0..<60 {
                let drawn = try pool.picture(captured: at(Double(index) / 10), duration90k: 9000) { canvas in
                    for line in 0..<canvas.height {
                        for x in 0..<canvas.width {
                            var level = 60 + line / 2 + x / 4
                            if !moved, index >= 30 { level = level * 6 / 10 }
                            if moved, index >= 30, (100..<140).contains(x), (60..<130).contains(line) { level = level * 6 / 10 }
                            canvas.y[line * canvas.lumaStride + x] = UInt8(level)
                        }
                    }
                }
                run.look(drawn, time: Double(index) / 10)
            }
            run.finish(at: 6)
            #expect(run.detections.isEmpty != moved, "moved \(moved): \(run.detections)")
        }
    }
}
