import Testing

@testable import Storage

/// Who keeps what no target takes in time, and what memory lets go of for it.
@Suite struct ReplicaPlanTests {
    private let began = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { began + .milliseconds(milliseconds) }

    private func plan(capacity: Int = 1000, targets: Int = 1) -> SpoolPlan {
        var plan = SpoolPlan(capacityBytes: capacity, targets: 0..<targets)
        plan.setHolder("peer")
        return plan
    }

    private func open(_ counter: UInt32, in plan: inout SpoolPlan) -> ClipID {
        let id = ClipID(node: .nodeA, boot: 1, counter: counter)
        plan.open(id, path: ClipPath(folder: "porch", start: .init(timeIntervalSince1970: Double(counter)), event: "e\(counter)"), manifest: [1])
        return id
    }

    private func word(_ job: SpoolPlan.ReplicaJob) -> String {
        let what = switch job.work {
        case .manifest(_, let edition, let isHandedOver): "manifest \(edition)" + (isHandedOver ? " handed over" : "")
        case .video(let bytes, let offset): "video \(offset)+\(bytes.reduce(0) { $0 + $1.count })"
        case .poster: "poster"
        case .release: "release"
        }
        return "\(job.clip.counter) \(what)"
    }

    /// The peer does what it is told at that moment; answers what that was.
    private func tell(_ plan: inout SpoolPlan, at milliseconds: Int) -> [String] {
        var told: [String] = []
        while let job = plan.nextReplicaJob(now: at(milliseconds)), told.count < 100 {
            told.append(word(job))
            plan.finish(job)
        }
        return told
    }

    private func add(_ count: Int, to clip: ClipID, in plan: inout SpoolPlan, at milliseconds: Int) -> SpoolPlan.Admission {
        plan.append([[UInt8](repeating: 7, count: count)], to: clip, beginsWithKeyFrame: true, now: at(milliseconds))
    }

    private func write(_ plan: inout SpoolPlan, at milliseconds: Int) { while let job = plan.nextJob(for: 0) { plan.finish(job, on: 0, now: at(milliseconds)) } }

    @Test func whatATargetTakesInTimeGoesToNoPeer() {
        var plan = SpoolPlan(capacityBytes: 1000, settle: .seconds(60), targets: [0])
        plan.setHolder("peer")
        let clip = open(1, in: &plan)
        for half in 0..<10 {
            _ = add(10, to: clip, in: &plan, at: half * 500)
            #expect(plan.nextReplica() == at(half * 500 + 1000))
            write(&plan, at: half * 500 + 100)
            #expect(tell(&plan, at: half * 500 + 400).isEmpty && plan.nextReplica() == nil)
        }
    }

    @Test func whoWantsACopyAlwaysOrNeverHasItSo() {
        for (copies, told) in [(PeerCopies.always, ["1 manifest 1", "1 video 0+10"]), (.never, [])] {
            var plan = SpoolPlan(capacityBytes: 1000, peerCopies: copies, settle: .seconds(60), targets: [0])
            plan.setHolder("peer")
            let clip = open(1, in: &plan)
            _ = add(10, to: clip, in: &plan, at: 0)
            write(&plan, at: 0)
            #expect(tell(&plan, at: 0) == told && tell(&plan, at: 9000).isEmpty)
            plan.setManifest([2], of: clip, closed: true)
            write(&plan, at: 100)
            #expect(tell(&plan, at: 100) == (copies == .always ? ["1 manifest 2"] : []))
            // It goes when the target has shown the clip again, right.
            while let job = plan.nextJob(for: 0, now: at(70_000)) { plan.finish(job, on: 0, now: at(70_000)) }
            #expect(tell(&plan, at: 70_000) == (copies == .always ? ["1 release"] : []) && plan.clips.isEmpty)
        }
    }

    /// Where memory has let go of the beginning a peer could do nothing with the rest.
    @Test func aLongRecordingGoesOnInAnotherClipWhenItsTargetFails() {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(10, to: clip, in: &plan, at: 0)
        write(&plan, at: 100)
        _ = add(10, to: clip, in: &plan, at: 500)
        #expect(!plan.needsBeginning(clip, now: at(1400)))
        #expect(plan.needsBeginning(clip, now: at(1500)) && tell(&plan, at: 1500).isEmpty)
        plan.setHolder(nil)
        #expect(!plan.needsBeginning(clip, now: at(1500)), "nobody would take it")
    }

    /// After a second, and from then on at once, until a target has it all.
    @Test func whatNoTargetTakesGoesToAPeer() {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(10, to: clip, in: &plan, at: 0)
        #expect(tell(&plan, at: 999).isEmpty)
        #expect(tell(&plan, at: 1000) == ["1 manifest 1", "1 video 0+10"])
        _ = add(20, to: clip, in: &plan, at: 1100)
        #expect(tell(&plan, at: 1100) == ["1 video 10+20"])
        plan.setPoster([9], of: clip)
        plan.setManifest([2], of: clip, closed: true)
        #expect(tell(&plan, at: 1200) == ["1 poster", "1 manifest 2"] && plan.holder(of: clip) == "peer" && plan.heldBytes == 30)
        write(&plan, at: 1300)
        #expect(tell(&plan, at: 1300) == ["1 release"] && plan.heldBytes == 0 && tell(&plan, at: 9000).isEmpty)
    }

    @Test func withoutATargetAPeerHasItAtOnceAndKeepsIt() {
        var plan = plan(capacity: 50, targets: 0)
        let clip = open(1, in: &plan)
        _ = add(30, to: clip, in: &plan, at: 0)
        #expect(tell(&plan, at: 0) == ["1 manifest 1", "1 video 0+30"])
        plan.setManifest([2], of: clip, closed: true)
        let next = open(2, in: &plan)
        #expect(add(40, to: next, in: &plan, at: 0).dropped == [clip])
        #expect(tell(&plan, at: 0) == ["2 manifest 1", "2 video 0+40"], "its copy stays where it is")
    }

    @Test func whereMemoryEndsThePeerBringsTheClip() {
        var plan = plan(capacity: 100)
        let clip = open(1, in: &plan)
        _ = add(60, to: clip, in: &plan, at: 0)
        _ = tell(&plan, at: 1000)
        let admission = add(70, to: clip, in: &plan, at: 1500)
        #expect(admission.admitted && admission.dropped.isEmpty && plan.heldBytes == 70 && !plan.isAbandoned(clip))
        #expect(plan.nextJob(for: 0) == nil, "the target gets it from the peer")
        #expect(tell(&plan, at: 1500) == ["1 manifest 1 handed over", "1 video 60+70"] && plan.heldBytes == 0)
        plan.setManifest([2], of: clip, closed: true)
        #expect(tell(&plan, at: 1600) == ["1 manifest 2 handed over"] && plan.clips.isEmpty && tell(&plan, at: 9000).isEmpty, "and is not told to let go of it")
    }

    /// A peer that stopped taking it would cost the rest: so it has the greater part first.
    @Test func noPeerIsLeftAClipOfWhichItHasLittle() throws {
        var plan = plan(capacity: 100)
        let clip = open(1, in: &plan)
        for _ in 0..<10 { _ = add(10, to: clip, in: &plan, at: 0) }
        plan.finish(try #require(plan.nextReplicaJob(now: at(1000))))
        let all = try #require(plan.nextReplicaJob(now: at(1000)))
        guard case .video(let bytes, _) = all.work else { throw TestFailure("\(all)") }
        plan.finish(SpoolPlan.ReplicaJob(clip: clip, holder: "peer", work: .video(bytes: Array(bytes.prefix(5)), offset: 0)))
        #expect(!add(10, to: clip, in: &plan, at: 1000).admitted, "half is not enough")
        plan.finish(SpoolPlan.ReplicaJob(clip: clip, holder: "peer", work: .video(bytes: [bytes[5]], offset: 50)))
        #expect(add(10, to: clip, in: &plan, at: 1000).admitted && plan.heldBytes == 50)
    }

    /// A clip that is the peer's to bring waits for its room; what is recorded then goes into another, and only a peer that knows nothing of it any more
    /// costs what it had.
    @Test func aPeerWithoutRoomIsWaitedForAndOneThatForgotIsNot() throws {
        var plan = plan(capacity: 100)
        let clip = open(1, in: &plan)
        _ = add(60, to: clip, in: &plan, at: 0)
        _ = tell(&plan, at: 1000)
        _ = add(70, to: clip, in: &plan, at: 1500)
        plan.noRoom(try #require(plan.nextReplicaJob(now: at(1500))))
        #expect(plan.needsBeginning(clip, now: at(1500)) == false && !plan.isAbandoned(clip), "nobody would take another clip either")
        plan.setHolder("another")
        #expect(plan.needsBeginning(clip, now: at(2500)) && !plan.isAbandoned(clip))
        plan.setManifest([2], of: clip, closed: true)
        #expect(plan.heldBytes == 70)
        var again = plan
        #expect(tell(&again, at: 3000) == ["1 manifest 2 handed over", "1 video 60+70"] && again.clips.isEmpty)
        for answer in [{ $0.forgotten($1) }, { $0.refused($1) }] as [(inout SpoolPlan, SpoolPlan.ReplicaJob) -> Void] {
            var plan = plan
            answer(&plan, try #require(plan.nextReplicaJob(now: at(3000))))
            #expect(plan.clips.isEmpty && plan.heldBytes == 0 && plan.releases.isEmpty)
        }
    }

    @Test func aPictureThatIsNotTakenCostsNoMore() throws {
        var plan = plan()
        let clip = open(1, in: &plan)
        plan.setPoster([1, 2, 3], of: clip)
        _ = add(10, to: clip, in: &plan, at: 0)
        for _ in 0..<2 { plan.finish(try #require(plan.nextReplicaJob(now: at(1000)))) }
        let poster = try #require(plan.nextReplicaJob(now: at(1000)))
        #expect(word(poster) == "1 poster")
        plan.refused(poster)
        _ = add(10, to: clip, in: &plan, at: 1100)
        #expect(tell(&plan, at: 1100) == ["1 video 10+10"])
    }

    /// Until a target has all of a clip that was closed its sidecar says that it is being recorded.
    @Test func aSidecarSpeaksOfNoMoreThanIsThere() throws {
        var plan = SpoolPlan(capacityBytes: 1 << 30, targets: [0])
        let clip = open(1, in: &plan)
        for _ in 0..<3 { _ = add(SpoolPlan.batchBytes, to: clip, in: &plan, at: 0) }
        plan.setManifest([2], of: clip, closed: true)
        var written: [String] = []
        while let job = plan.nextJob(for: 0) {
            switch job.work {
            case .manifest(let bytes, let edition): written.append("\(bytes) \(edition)")
            case .video(_, let offset): written.append("\(offset / SpoolPlan.batchBytes)")
            default: break
            }
            plan.finish(job, on: 0)
        }
        #expect(written == ["0", "[1] 1", "1", "2", "[2] 2"] && plan.clips.isEmpty)
    }

    @Test func anotherPeerTakesOverWhereOneHasNoRoomOrIsGone() throws {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(10, to: clip, in: &plan, at: 0)
        _ = add(10, to: clip, in: &plan, at: 0)
        plan.finish(try #require(plan.nextReplicaJob(now: at(1000))))
        plan.noRoom(try #require(plan.nextReplicaJob(now: at(1000))))
        #expect(plan.holder == nil)
        plan.setHolder("another")
        #expect(tell(&plan, at: 1000) == ["1 release", "1 manifest 1", "1 video 0+20"] && plan.holder(of: clip) == "another")
        plan.lost(holder: "another")
        #expect(plan.holder(of: clip) == nil)
        plan.setHolder("third")
        #expect(tell(&plan, at: 1000) == ["1 manifest 1", "1 video 0+20"] && plan.holder(of: clip) == "third")
    }

    @Test func lostAnswersAndForgetfulPeersAreMended() throws {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(10, to: clip, in: &plan, at: 0)
        #expect(tell(&plan, at: 1000).count == 2)
        _ = add(10, to: clip, in: &plan, at: 1000)
        plan.corrected(try #require(plan.nextReplicaJob(now: at(1000))), bytes: 20)
        #expect(tell(&plan, at: 1000).isEmpty && plan.holder(of: clip) == "peer", "it had come, and only the answer was lost")
        _ = add(10, to: clip, in: &plan, at: 1100)
        plan.forgotten(try #require(plan.nextReplicaJob(now: at(1100))))
        #expect(tell(&plan, at: 2000) == ["1 manifest 1", "1 video 0+30"], "it had started again")
        _ = add(10, to: clip, in: &plan, at: 2000)
        plan.refused(try #require(plan.nextReplicaJob(now: at(2000))))
        #expect(tell(&plan, at: 9000).isEmpty)
        #expect(plan.needsBeginning(clip, now: at(3000)), "it took the camera for gone: what comes goes into another clip, which it may have")
    }

    /// What only an absent peer is waited for holds up nobody, and a peer that denies having what it is to let go of is believed.
    @Test func anAbsentPeerHoldsUpNoOther() throws {
        var plan = plan(capacity: 100)
        let first = open(1, in: &plan)
        _ = add(60, to: first, in: &plan, at: 0)
        _ = tell(&plan, at: 1000)
        _ = add(70, to: first, in: &plan, at: 1500)
        plan.lost(holder: "peer")
        plan.setHolder("another")
        let second = open(2, in: &plan)
        _ = add(20, to: second, in: &plan, at: 1500)
        #expect(plan.nextReplicaJob(now: at(3000))?.clip == first)
        #expect(plan.nextReplicaJob(now: at(3000), without: ["peer"])?.clip == second)
        for answer in [{ $0.forgotten($1) }, { $0.corrected($1, bytes: 0) }, { $0.refused($1) }] as [(inout SpoolPlan, SpoolPlan.ReplicaJob) -> Void] {
            plan.release(SpoolPlan.Replica(holder: "third"), of: second)
            answer(&plan, try #require(plan.nextReplicaJob(now: at(3000))))
            #expect(plan.releases.isEmpty)
        }
    }

    /// A camera, a target and a real shelf, each of which fails at times: whatever was admitted and not dropped is in memory, on the target or at the
    /// peer; and once the camera is dead and all else is well, all that left it is on the target, right and once.
    @Test(arguments: 0..<150 as Range<UInt64>) func nothingIsLostBetweenThem(seed: UInt64) throws {
        var random = SplitMix64(seed)
        var plan = plan(capacity: Int.random(in: 2000...20_000, using: &random))
        let shelf = ReplicaShelf(capacityBytes: Bool.random(using: &random) ? 1 << 20 : 8000, keys: .of("b"))
        shelf.setRing(false)
        var clips: [ClipID: RecordedClip] = [:]
        var target: [ClipID: [UInt8]] = [:]
        var (open, lost): (ClipID?, Set<ClipID>) = (nil, [])
        var (isTargetWell, isPeerWell, counter, now) = (true, true, UInt32(0), 0)
        func answer(_ job: SpoolPlan.ReplicaJob) throws(ReplicaRefusal) {
            switch job.work {
            case .manifest(let bytes, _, let isHandedOver): try shelf.take(manifest: bytes, of: job.clip, isHandedOver: isHandedOver)
            case .video(let bytes, let offset): try shelf.take(video: bytes.flatMap { $0.withBytes { Array($0) } }, at: offset, of: job.clip)
            case .poster(let bytes): try shelf.take(poster: bytes.withBytes { Array($0) }, of: job.clip)
            case .release: shelf.release(job.clip)
            }
        }
        func store(_ plan: inout SpoolPlan) {
            guard let job = plan.nextJob(for: 0, now: at(now)) else { return }
            if case .video(let bytes, let offset) = job.work {
                target[job.clip] = (target[job.clip] ?? []).prefix(offset) + bytes.flatMap { $0.withBytes { Array($0) } }
            }
            plan.finish(job, on: 0, now: at(now))
        }
        func check(_ clip: RecordedClip) {
            let file = clip.file
            var known = 0
            while known < file.count {
                let kept = max(target[clip.id]?.count ?? 0, shelf.read(clip.id, at: 0, count: .max >> 1)?.count ?? 0)
                if kept > known { known = kept } else if let held = plan.held(clip.id, at: known) { known = held.offset + held.bytes.count } else { break }
            }
            #expect(known >= file.count, "seed \(seed): \(clip.id.counter) ends at \(known) of \(file.count)")
        }
        for _ in 0..<500 {
            now += Int.random(in: 50...600, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0: isTargetWell.toggle()
            case 1: isPeerWell.toggle()
            case 2...7:
                if open == nil {
                    counter += 1
                    let clip = RecordedClip(counter: counter)
                    plan.open(clip.id, path: ClipPath(folder: "porch", start: clip.facts.start, event: clip.facts.event), manifest: clip.manifest)
                    (clips[clip.id], open) = (clip, clip.id)
                }
                guard let id = open, var clip = clips[id] else { break }
                let before = clip
                let piece = clip.grow(padding: Int.random(in: 0...900, using: &random))
                let admission = plan.append([piece], to: id, beginsWithKeyFrame: true, now: at(now))
                clips[id] = admission.admitted ? clip : before
                lost.formUnion(admission.dropped)
                if clip.pieces.count > 12 || (admission.admitted && Int.random(in: 0..<8, using: &random) == 0) {
                    clips[id]!.close()
                    plan.setManifest(clips[id]!.manifest, of: id, closed: true)
                    open = nil
                }
            case 8...12: if isTargetWell { store(&plan) }
            default:
                guard let job = plan.nextReplicaJob(now: at(now)) else { break }
                guard isPeerWell else {
                    if Bool.random(using: &random) { plan.lost(holder: job.holder) }
                    plan.setHolder("peer")
                    break
                }
                do throws(ReplicaRefusal) {
                    try answer(job)
                    // An answer may be lost, and the same is told again.
                    if Int.random(in: 0..<4, using: &random) > 0 { plan.finish(job) }
                } catch {
                    switch error {
                    case .full: plan.noRoom(job)
                    case .unknown: plan.forgotten(job)
                    case .elsewhere(let bytes): plan.corrected(job, bytes: bytes)
                    case .rescued, .malformed: Issue.record("seed \(seed): \(error)")
                    }
                    plan.setHolder("peer")
                }
            }
            for clip in clips.values where !lost.contains(clip.id) { check(clip) }
        }
        // Its camera is gone, and the target is back.
        var rescuer = SpoolPlan(capacityBytes: 1000, targets: [0])
        for rescue in shelf.startRescue(keeper: "b", isGone: { _, _ in true }) {
            let file = clips[rescue.facts.id]!.file
            #expect(rescue.pieces.flatMap(\.self) == Array(file.prefix(rescue.facts.bytes)), "seed \(seed)")
            rescuer.rescue(rescue.facts.id, path: ClipPath(folder: "porch", start: rescue.facts.start, event: rescue.facts.event), pieces: rescue.pieces, poster: nil, opening: [1], manifest: [2])
            let there = target[rescue.facts.id]?.count ?? 0
            // What the camera had written by then is adopted.
            if there > rescue.facts.bytes { rescuer.giveUp(rescue.facts.id, on: 0) } else if let known = rescuer.beginning(of: rescue.facts.id, upTo: there), known.end > 0 {
                target[rescue.facts.id] = Array(target[rescue.facts.id]!.prefix(known.end))
                rescuer.adopted(rescue.facts.id, on: 0, bytes: known.end, now: nil)
            } else {
                target[rescue.facts.id] = nil
            }
        }
        let left = Dictionary(uniqueKeysWithValues: clips.keys.map { ($0, max(target[$0]?.count ?? 0, shelf.read($0, at: 0, count: .max >> 1)?.count ?? 0)) })
        while rescuer.nextJob(for: 0) != nil { store(&rescuer) }
        #expect(rescuer.clips.isEmpty && rescuer.heldBytes == 0, "seed \(seed)")
        for clip in clips.values {
            #expect(target[clip.id] ?? [] == Array(clip.file.prefix(left[clip.id]!)), "seed \(seed): \(clip.id.counter)")
        }
    }
}
