import Testing

@testable import Storage

@Suite struct SpoolPlanTests {
    private static let node = String(repeating: "a", count: 32)

    private func id(_ counter: UInt32) -> ClipID { ClipID(node: Self.node, boot: 1, counter: counter) }
    private func path(_ id: ClipID) -> ClipPath {
        ClipPath(folder: "porch", start: .init(timeIntervalSince1970: Double(id.counter)), event: "e\(id.counter)")
    }
    private func plan(capacity: Int, targets: Int) -> SpoolPlan { SpoolPlan(capacityBytes: capacity, targets: 0..<targets) }
    private func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    private func open(_ counter: UInt32, in plan: inout SpoolPlan) -> ClipID {
        let id = id(counter)
        plan.open(id, path: path(id), manifest: [1])
        return id
    }

    /// Does a target's jobs until it has none; answers what they were.
    private func work(_ plan: inout SpoolPlan, target: Int) -> [String] {
        var done: [String] = []
        while let job = plan.nextJob(for: target) {
            switch job.work {
            case .video(let bytes, let offset): done.append("\(job.clip.counter):video@\(offset)+\(bytes.map { "\($0.count)" }.joined(separator: "+"))")
            case .poster: done.append("\(job.clip.counter):poster")
            case .manifest(_, let edition): done.append("\(job.clip.counter):manifest\(edition)")
            case .readBack, .readBackManifest: Issue.record("nothing is read back here")
            }
            plan.finish(job, on: target)
        }
        return done
    }

    @Test func writesTheOldestClipFirstAndItsManifestAfterItsVideo() {
        var plan = plan(capacity: 100, targets: 1)
        let first = open(1, in: &plan)
        #expect(plan.nextJob(for: 0) == nil, "a sidecar without a video helps nobody")
        #expect(plan.append([bytes(10)], to: first, beginsWithKeyFrame: true).admitted)
        let second = open(2, in: &plan)
        #expect(plan.append([bytes(5)], to: second, beginsWithKeyFrame: true).admitted)
        #expect(plan.append([bytes(20)], to: first, beginsWithKeyFrame: false).admitted)
        plan.setPoster(bytes(3), of: first)
        plan.setManifest([2], of: first, closed: true)
        #expect(work(&plan, target: 0) == [
            "1:video@0+10+20", "1:manifest2", "1:poster", "2:video@0+5", "2:manifest1",
        ])
        #expect(plan.heldBytes == 0)
        #expect(plan.totalBytes(of: first) == nil, "a clip that is everywhere leaves the spool")
        #expect(plan.totalBytes(of: second) == 5, "an open one stays")
    }

    @Test func whatATargetRefusesWaitsWhileOthersGoOn() {
        var plan = plan(capacity: 100, targets: 2)
        let now = ContinuousClock.now
        let (refused, next) = (open(1, in: &plan), open(2, in: &plan))
        for clip in [refused, next] {
            _ = plan.append([bytes(10)], to: clip, beginsWithKeyFrame: true)
            plan.setManifest([2], of: clip, closed: true)
        }
        #expect(plan.nextJob(for: 0, now: now)?.clip == refused && !plan.refuses(target: 0))
        var due = now
        for pause in [5, 10, 20] {
            plan.setAside(refused, on: 0, now: due)
            #expect(plan.isRefused(refused, on: 0) && plan.refuses(target: 0) && !plan.refuses(target: 1))
            let end = due + .seconds(pause)
            #expect(plan.nextJob(for: 0, now: end - .nanoseconds(1))?.clip == next && plan.nextJob(for: 1, now: due)?.clip == refused)
            #expect(plan.nextJob(for: 0)?.clip == next, "at the end there is no time for it")
            #expect(plan.nextJob(for: 0, now: end)?.clip == refused, "it has its turn again")
            due = end
        }
        for _ in 0..<100 { plan.setAside(refused, on: 0, now: due) }
        #expect(plan.nextJob(for: 0, now: due + SpoolPlan.longestAside)?.clip == refused)
        plan.finish(plan.nextJob(for: 0, now: due + SpoolPlan.longestAside)!, on: 0)
        #expect(!plan.refuses(target: 0) && plan.nextJob(for: 0, now: due)?.clip == refused)
    }

    @Test func aTargetThatComesGetsWhatMemoryHoldsWhole() {
        var plan = plan(capacity: 100, targets: 1)
        let whole = open(1, in: &plan)
        _ = plan.append([bytes(10)], to: whole, beginsWithKeyFrame: true)
        plan.add(target: 5)
        _ = work(&plan, target: 0)
        plan.remove(target: 5)
        let begun = open(2, in: &plan)
        _ = plan.append([bytes(5)], to: begun, beginsWithKeyFrame: true)
        _ = work(&plan, target: 0)
        _ = plan.append([bytes(6)], to: begun, beginsWithKeyFrame: false)
        plan.add(target: 7)
        #expect(work(&plan, target: 7) == [], "a file cannot begin in its middle")
        let next = open(3, in: &plan)
        _ = plan.append([bytes(7)], to: next, beginsWithKeyFrame: true)
        #expect(work(&plan, target: 7) == ["3:video@0+7", "3:manifest1"])
        plan.remove(target: 0)
        #expect(plan.heldBytes == 0, "nobody waits for it any more")
    }

    @Test func aDeletedFileBeginsAnewWhereMemoryHoldsAllOfIt() {
        var plan = plan(capacity: 100, targets: 2)
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(30)], to: clip, beginsWithKeyFrame: true)
        _ = work(&plan, target: 0)
        plan.vanished(clip, on: 0)
        #expect(!plan.isAbandoned(clip))
        #expect(work(&plan, target: 0) == ["1:video@0+30", "1:manifest1"])
    }

    @Test func whatNoTargetWantsLeavesMemory() {
        var plan = plan(capacity: 100, targets: 2)
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(30)], to: clip, beginsWithKeyFrame: true)
        _ = work(&plan, target: 0)
        _ = work(&plan, target: 1)
        _ = plan.append([bytes(20)], to: clip, beginsWithKeyFrame: false)
        plan.vanished(clip, on: 0)
        #expect(!plan.isAbandoned(clip) && plan.heldBytes == 20, "the other target goes on")
        plan.vanished(clip, on: 1)
        #expect(plan.isAbandoned(clip) && plan.heldBytes == 0)
        #expect(plan.nextJob(for: 0) == nil && plan.nextJob(for: 1) == nil)
        plan.forget(clip)
        #expect(plan.isEmpty && plan.totalBytes(of: clip) == nil)
    }

    @Test func keepsBytesUntilEveryTargetHasThem() {
        var plan = plan(capacity: 100, targets: 2)
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(30)], to: clip, beginsWithKeyFrame: true)
        _ = work(&plan, target: 0)
        #expect(plan.heldBytes == 30)
        #expect(plan.held(clip, at: 12)?.offset == 0)
        _ = work(&plan, target: 1)
        #expect(plan.heldBytes == 0)
        #expect(plan.held(clip, at: 12) == nil)
        #expect(plan.stored(clip, on: 1)?.bytes == 30)
    }

    @Test func whenFullASlowTargetGivesUpWhatAnotherHolds() {
        var plan = plan(capacity: 50, targets: 2)
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(40)], to: clip, beginsWithKeyFrame: true)
        _ = work(&plan, target: 0)
        let admission = plan.append([bytes(30)], to: clip, beginsWithKeyFrame: false)
        #expect(admission == .init(admitted: true, dropped: [], givenUp: [.init(clip: clip, target: 1)]))
        #expect(plan.nextJob(for: 1) == nil)
        #expect(plan.heldBytes == 30)
    }

    @Test func whenFullTheOldestClosedClipGoesFirst() {
        var plan = plan(capacity: 50, targets: 1)
        let clips = (1...3).map { open($0, in: &plan) }
        for clip in clips.prefix(2) {
            #expect(plan.append([bytes(20)], to: clip, beginsWithKeyFrame: true).admitted)
            plan.setManifest([2], of: clip, closed: true)
        }
        let admission = plan.append([bytes(20)], to: clips[2], beginsWithKeyFrame: true)
        #expect(admission == .init(admitted: true, dropped: [clips[0]]))
        #expect(plan.heldBytes == 40)
    }

    /// What every target has written gains nothing by being dropped.
    @Test func whatHoldsNoMemoryIsNotDropped() {
        var plan = SpoolPlan(capacityBytes: 50, settle: .seconds(60), targets: [0])
        let now = ContinuousClock.now
        let stored = open(1, in: &plan)
        _ = plan.append([bytes(40)], to: stored, beginsWithKeyFrame: true)
        plan.setManifest([2], of: stored, closed: true)
        while let job = plan.nextJob(for: 0) { plan.finish(job, on: 0, now: now) }
        let waiting = open(2, in: &plan)
        _ = plan.append([bytes(40)], to: waiting, beginsWithKeyFrame: true)
        plan.setManifest([2], of: waiting, closed: true)
        let third = open(3, in: &plan)
        let admission = plan.append([bytes(40)], to: third, beginsWithKeyFrame: true)
        #expect(admission == .init(admitted: true, dropped: [waiting]))
        #expect(plan.totalBytes(of: stored) == 40)
    }

    @Test func aLoneClipThatDoesNotFitHasAGapUntilAKeyFrame() {
        var plan = plan(capacity: 50, targets: 1)
        let clip = open(1, in: &plan)
        #expect(plan.append([bytes(40)], to: clip, beginsWithKeyFrame: true).admitted)
        #expect(!plan.append([bytes(20)], to: clip, beginsWithKeyFrame: true).admitted)
        _ = work(&plan, target: 0)
        #expect(!plan.append([bytes(5)], to: clip, beginsWithKeyFrame: false).admitted, "nothing can be played from here")
        #expect(plan.append([bytes(5)], to: clip, beginsWithKeyFrame: true).admitted)
        #expect(plan.totalBytes(of: clip) == 45)
    }

    @Test func withoutTargetsItKeepsTheNewest() {
        var plan = plan(capacity: 50, targets: 0)
        for counter in UInt32(1)...10 {
            let clip = open(counter, in: &plan)
            #expect(plan.append([bytes(20)], to: clip, beginsWithKeyFrame: true).admitted)
            plan.setManifest([2], of: clip, closed: true)
        }
        #expect(plan.heldBytes == 40)
        #expect(plan.totalBytes(of: id(9)) == 20 && plan.totalBytes(of: id(10)) == 20 && plan.totalBytes(of: id(8)) == nil)
    }

    @Test func aJobDoneTwiceCountsOnce() throws {
        var plan = plan(capacity: 50, targets: 1)
        let clip = open(1, in: &plan)
        _ = plan.append([bytes(10)], to: clip, beginsWithKeyFrame: true)
        let job = try #require(plan.nextJob(for: 0))
        plan.finish(job, on: 0)
        plan.finish(job, on: 0)
        #expect(plan.stored(clip, on: 0)?.bytes == 10)
    }

    /// Whatever happens, memory stays within its bound and its book-keeping true.
    @Test(arguments: 0..<200 as Range<UInt64>) func randomRunsStayBounded(seed: UInt64) {
        var rng = SplitMix64(seed)
        let targets = Int.random(in: 0...3, using: &rng)
        var plan = plan(capacity: 1000, targets: targets)
        var opened: UInt32 = 0
        var live: [ClipID] = []
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &rng) {
            case 0:
                opened += 1
                live.append(open(opened, in: &plan))
            case 1 where !live.isEmpty:
                plan.setManifest([9], of: live.removeFirst(), closed: true)
            case 2...6 where !live.isEmpty:
                let clip = live.randomElement(using: &rng)!
                _ = plan.append([bytes(Int.random(in: 1...400, using: &rng))], to: clip, beginsWithKeyFrame: Bool.random(using: &rng))
            case 7... where targets > 0:
                let target = Int.random(in: 0..<targets, using: &rng)
                if let job = plan.nextJob(for: target) { plan.finish(job, on: target) }
            default: break
            }
            let held = plan.entries.values.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.count } }
            #expect(plan.heldBytes == held && held <= 1000, "seed \(seed)")
        }
        for clip in live { plan.setManifest([9], of: clip, closed: true) }
        for target in 0..<targets { _ = work(&plan, target: target) }
        if targets > 0 { #expect(plan.heldBytes == 0, "seed \(seed): all was written, nothing may stay") }
    }
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): small, seeded, the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
