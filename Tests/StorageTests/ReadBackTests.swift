import Testing

@testable import Storage

/// A copy counts once it was read back right a minute after it was written.
@Suite struct ReadBackTests {
    private let began = ContinuousClock.now

    private func id(_ counter: UInt32) -> ClipID { ClipID(node: String(repeating: "a", count: 32), boot: 1, counter: counter) }
    private func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
    private func at(_ seconds: Int) -> ContinuousClock.Instant { began + .seconds(seconds) }

    private func open(_ counter: UInt32, in plan: inout SpoolPlan) -> ClipID {
        let id = id(counter)
        plan.open(id, path: ClipPath(folder: "porch", start: .init(timeIntervalSince1970: Double(counter)), event: "e\(counter)"), manifest: [1])
        return id
    }

    private func word(_ job: SpoolPlan.Job) -> String {
        func count(_ bytes: [any FragmentBytes]) -> Int { bytes.reduce(0) { $0 + $1.count } }
        return switch job.work {
        case .video(let bytes, let offset): "write \(offset)+\(count(bytes))" + (job.replacesFile ? " anew" : "")
        case .poster: "poster"
        case .manifest(_, let edition): "manifest \(edition)"
        case .readBack(let bytes, let offset): "read \(offset)+\(count(bytes))"
        case .readBackManifest(_, let edition): "read manifest \(edition)"
        }
    }

    /// Does a target's jobs as they come at that moment; answers what they were.
    private func work(_ plan: inout SpoolPlan, at seconds: Int, target: Int = 0, isWrong: (SpoolPlan.Job) -> Bool = { _ in false }) -> [String] {
        var done: [String] = []
        while let job = plan.nextJob(for: target, now: at(seconds)), done.count < 100 {
            done.append(word(job))
            if isWrong(job) { plan.isWrong(job, on: target) } else { plan.finish(job, on: target, now: at(seconds)) }
        }
        return done
    }

    @Test func memoryHoldsWhatWasNotReadBack() {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(100)], to: clip, beginsWithKeyFrame: true)
        #expect(work(&plan, at: 0) == ["write 0+100", "manifest 1"])
        _ = plan.append([bytes(50)], to: clip, beginsWithKeyFrame: false)
        #expect(work(&plan, at: 30) == ["write 100+50"])
        #expect(work(&plan, at: 59) == [] && plan.heldBytes == 150)
        #expect(work(&plan, at: 60) == ["read 0+100"], "only what was written a minute ago")
        #expect(plan.heldBytes == 50 && plan.held(clip, at: 99) == nil && plan.held(clip, at: 100) != nil)
        plan.setManifest([2], of: clip, closed: true)
        #expect(work(&plan, at: 61) == ["manifest 2"])
        #expect(work(&plan, at: 95) == ["read 100+50"])
        #expect(plan.heldBytes == 0 && plan.totalBytes(of: clip) == 150, "its sidecar is still to be looked at")
        #expect(work(&plan, at: 121) == ["read manifest 2"])
        #expect(plan.totalBytes(of: clip) == nil)
    }

    /// A look that comes early sees less than a late one, and more than none.
    @Test func whereMemoryGetsShortItIsReadBackAtOnce() {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(750)], to: clip, beginsWithKeyFrame: true)
        #expect(work(&plan, at: 0) == ["write 0+750", "manifest 1"] && plan.heldBytes == 750)
        _ = plan.append([bytes(10)], to: clip, beginsWithKeyFrame: false)
        #expect(work(&plan, at: 1) == ["write 750+10", "read 0+760"] && plan.heldBytes == 0)
    }

    /// Memory ends, and a peer has a copy to compare with: it sees to the rest. A target's word alone would cost that copy.
    @Test func aPeersCopyIsWorthMoreThanATargetsWord() throws {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        plan.setHolder("peer")
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(700)], to: clip, beginsWithKeyFrame: true, now: at(0))
        while let job = plan.nextReplicaJob(now: at(2)) { plan.finish(job) }
        #expect(plan.holder(of: clip) == "peer")
        #expect(work(&plan, at: 3) == ["write 0+700", "manifest 1"])
        let next = open(2, in: &plan)
        #expect(plan.append([bytes(600)], to: next, beginsWithKeyFrame: true, now: at(4)).admitted)
        #expect(plan.isHandedOver(clip) && plan.nextReplicaJob(now: at(4)).map { if case .release = $0.work { false } else { true } } == true)
    }

    /// Memory ends: whoever was wrong before is not taken at its word.
    @Test func whoWasWrongIsNotTrusted() {
        for isWrong in [false, true] {
            var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
            let clip = open(1, in: &plan)
            _ = plan.append([bytes(600)], to: clip, beginsWithKeyFrame: true)
            _ = work(&plan, at: 0)
            #expect(work(&plan, at: 60, isWrong: { isWrong && $0.work.isReading }).first == "read 0+600")
            _ = work(&plan, at: 61)
            _ = plan.append([bytes(300)], to: clip, beginsWithKeyFrame: false)
            _ = plan.append([bytes(200)], to: clip, beginsWithKeyFrame: false)
            #expect((plan.held(clip, at: 0) != nil) == isWrong)
        }
    }

    @Test func whatIsWrongIsWrittenAgainFromThere() {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        for _ in 0..<3 {
            _ = plan.append([bytes(100)], to: clip, beginsWithKeyFrame: true)
            _ = work(&plan, at: 0)
        }
        plan.setManifest([2], of: clip, closed: true)
        _ = work(&plan, at: 1)
        #expect(work(&plan, at: 60) { if case .readBack = $0.work { true } else { false } } == ["read 0+300", "write 0+300 anew"])
        #expect(work(&plan, at: 119) == [], "what was written again is a minute younger")
        #expect(work(&plan, at: 120) == ["read 0+300", "read manifest 2"] && plan.heldBytes == 0)

        // Something in the middle: what stands before it is good.
        let next = open(2, in: &plan)
        _ = plan.append([bytes(100)], to: next, beginsWithKeyFrame: true)
        _ = work(&plan, at: 200)
        _ = plan.append([bytes(50)], to: next, beginsWithKeyFrame: true)
        _ = work(&plan, at: 210)
        _ = work(&plan, at: 260)
        #expect(work(&plan, at: 270) { word($0) == "read 100+50" } == ["read 100+50", "write 100+50 anew"])
        #expect(work(&plan, at: 330) == ["read 100+50"])
    }

    @Test func aSidecarThatIsWrongIsWrittenAgain() {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(100)], to: clip, beginsWithKeyFrame: true)
        plan.setManifest([2], of: clip, closed: true)
        #expect(work(&plan, at: 0) == ["write 0+100", "manifest 2"])
        #expect(work(&plan, at: 60) { word($0) == "read manifest 2" } == ["read 0+100", "read manifest 2", "manifest 2"])
        #expect(work(&plan, at: 120) == ["read manifest 2"] && plan.totalBytes(of: clip) == nil)
    }

    /// Nobody reads back what the last seconds of a node have no time for, and a clip counts as stored before it is read back.
    @Test func aClipIsStoredOnceItIsWritten() throws {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(100)], to: clip, beginsWithKeyFrame: true)
        plan.setManifest([2], of: clip, closed: true)
        let video = try #require(plan.nextJob(for: 0))
        let isWritten = plan.finish(video, on: 0, now: began)
        #expect(!isWritten)
        let manifest = try #require(plan.nextJob(for: 0))
        let isStored = plan.finish(manifest, on: 0, now: began)
        #expect(isStored)
        #expect(plan.nextJob(for: 0) == nil && plan.nextJob(for: 0, now: at(60)) != nil)
        #expect(plan.nextReading(for: 0) == at(60))
    }

    @Test func whenMemoryEndsWhatIsWrittenIsTrusted() {
        var plan = SpoolPlan(capacityBytes: 250, settle: .seconds(60), targets: [0])
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(200)], to: clip, beginsWithKeyFrame: true)
        _ = work(&plan, at: 0)
        let admission = plan.append([bytes(100)], to: clip, beginsWithKeyFrame: false)
        #expect(admission == .init(admitted: true))
        #expect(plan.heldBytes == 100)
        #expect(work(&plan, at: 1) == ["write 200+100"])
        #expect(work(&plan, at: 61) == ["read 200+100"])
    }

    /// Whatever is wrong and whenever: in the end each target holds everything, and memory nothing.
    @Test(arguments: 0..<200 as Range<UInt64>) func randomDamageIsMended(seed: UInt64) {
        var rng = SplitMix64(seed)
        let targets = 0..<Int.random(in: 1...3, using: &rng)
        var plan = SpoolPlan(capacityBytes: 100_000, settle: .seconds(60), targets: targets)
        var truth: [ClipID: [UInt8]] = [:]
        var files: [[ClipID: [UInt8]]] = targets.map { _ in [:] }
        var manifests: [[ClipID: [UInt8]]] = targets.map { _ in [:] }
        var now = 0
        func step(_ target: Int, damages: Bool) -> Bool {
            guard let job = plan.nextJob(for: target, now: at(now)) else { return false }
            var right = true
            func concatenated(_ parts: [any FragmentBytes]) -> [UInt8] { parts.reduce(into: []) { all, part in Bytes(part).withBytes { all += $0 } } }
            switch job.work {
            case .video(let parts, let offset):
                if offset == 0 { #expect(files[target][job.clip] == nil || job.replacesFile, "seed \(seed): nothing is made twice") }
                files[target][job.clip] = Array((files[target][job.clip] ?? []).prefix(offset)) + concatenated(parts)
                if damages, Int.random(in: 0..<5, using: &rng) == 0 { files[target][job.clip]![offset] ^= 1 }
            case .poster: break
            case .manifest(let bytes, _): manifests[target][job.clip] = damages && Int.random(in: 0..<5, using: &rng) == 0 ? [0] : bytes
            case .readBack(let parts, let offset):
                let wanted = concatenated(parts)
                right = files[target][job.clip].map { Array($0.dropFirst(offset).prefix(wanted.count)) } == wanted
            case .readBackManifest(let bytes, _): right = manifests[target][job.clip] == bytes
            }
            if right { plan.finish(job, on: target, now: at(now)) } else { plan.isWrong(job, on: target) }
            return true
        }
        for counter in UInt32(1)...6 {
            let clip = open(counter, in: &plan)
            truth[clip] = []
            for _ in 0..<Int.random(in: 1...8, using: &rng) {
                let fragment = (0..<Int.random(in: 1...300, using: &rng)).map { _ in UInt8.random(in: 0 ... .max, using: &rng) }
                let admission = plan.append([fragment], to: clip, beginsWithKeyFrame: true)
                #expect(admission.admitted)
                truth[clip]! += fragment
                for target in targets where Bool.random(using: &rng) { _ = step(target, damages: true) }
                now += Int.random(in: 0...40, using: &rng)
            }
            plan.setManifest([2], of: clip, closed: true)
        }
        // The damage ends, and time goes on.
        for _ in 0..<10 {
            for target in targets { while step(target, damages: false) {} }
            now += 60
        }
        #expect(plan.heldBytes == 0 && plan.isEmpty, "seed \(seed)")
        for target in targets {
            #expect(files[target] == truth, "seed \(seed), target \(target)")
            #expect(manifests[target].values.allSatisfy { $0 == [2] } && manifests[target].count == truth.count, "seed \(seed), target \(target)")
        }
    }
}

extension SpoolPlan.Job.Work {
    fileprivate var isReading: Bool { if case .readBack = self { true } else { false } }
}
