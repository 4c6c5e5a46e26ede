import Testing

@testable import Storage

/// What the local disk holds, and when.
@Suite struct DiskPlanTests {
    private func plan(memory: Int = 100, disk: Int = 1 << 30, targets: Int = 1) -> SpoolPlan {
        SpoolPlan(capacityBytes: memory, diskCapacityBytes: disk, targets: 0..<targets)
    }

    private func open(_ counter: UInt32, in plan: inout SpoolPlan) -> ClipID {
        let id = ClipID(node: .nodeA, boot: 2, counter: counter)
        plan.open(id, path: path(counter), manifest: [1])
        return id
    }

    private func path(_ counter: UInt32) -> ClipPath { ClipPath(folder: "porch", start: .init(timeIntervalSince1970: Double(counter)), event: "e\(counter)") }

    private func add(_ count: Int, to clip: ClipID, in plan: inout SpoolPlan) -> SpoolPlan.Admission {
        plan.append([[UInt8](repeating: 7, count: count)], to: clip, beginsWithKeyFrame: true, now: .now - .seconds(10))
    }

    private func word(_ job: SpoolPlan.DiskJob) -> String {
        let what = switch job.work {
        case .video(let bytes, let offset): "video \(offset)+\(bytes.reduce(0) { $0 + $1.count })" + (job.createsFile ? " new" : "")
        case .poster: "poster"
        case .manifest(_, let edition): "manifest \(edition)"
        case .remove: "remove"
        }
        return "\(job.clip.counter) \(what)"
    }

    /// The disk does it all; answers what that was.
    private func write(_ plan: inout SpoolPlan) -> [String] {
        var done: [String] = []
        while let job = plan.nextDiskJob(), done.count < 100 {
            done.append(word(job))
            plan.finish(job) { _, count in [UInt8](repeating: 7, count: count) }
        }
        return done
    }

    private func store(_ plan: inout SpoolPlan) { while let job = plan.nextJob(for: 0) { plan.finish(job, on: 0) } }

    @Test func besideATargetItIsTheLastResort() throws {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(50, to: clip, in: &plan)
        #expect(write(&plan).isEmpty, "memory is half empty")
        plan.setHolder("peer")
        _ = add(20, to: clip, in: &plan)
        #expect(write(&plan).isEmpty, "a peer takes it")
        let told = try #require(plan.nextReplicaJob(now: .now))
        plan.noRoom(told)
        #expect(write(&plan) == ["1 video 0+70 new", "1 manifest 1"] && plan.heldBytes == 0 && plan.diskBytes == 70)
        #expect(add(60, to: clip, in: &plan).admitted && write(&plan) == ["1 video 70+60"] && plan.isOnDisk(clip))
        plan.setManifest([2], of: clip, closed: true)
        plan.setPoster([9], of: clip)
        #expect(write(&plan) == ["1 poster", "1 manifest 2"])
        store(&plan)
        #expect(plan.clips.isEmpty && write(&plan) == ["1 remove"] && plan.diskBytes == 0 && plan.nextDiskJob() == nil)
    }

    @Test func withoutATargetItHoldsTheNewest() {
        var plan = plan(disk: SpoolPlan.batchBytes + 100, targets: 0)
        for counter in 1...3 as ClosedRange<UInt32> {
            let clip = open(counter, in: &plan)
            _ = add(40, to: clip, in: &plan)
            plan.setManifest([2], of: clip, closed: true)
            #expect(plan.makeDiskRoom().isEmpty)
            #expect(write(&plan) == ["\(counter) video 0+40 new", "\(counter) manifest 2"] && plan.heldBytes == 0)
        }
        #expect(plan.makeDiskRoom().map(\.counter) == [1] && write(&plan) == ["1 remove"] && plan.diskBytes == 80)
        // Whoever adds a storage finds them there.
        plan.add(target: 0)
        #expect(plan.makeDiskRoom().isEmpty, "now each waits for it")
        store(&plan)
        #expect(plan.clips.isEmpty && write(&plan) == ["2 remove", "3 remove"])
    }

    @Test func fullIsFull() {
        var plan = plan(disk: 100)
        let clips = (1...3 as ClosedRange<UInt32>).map { counter in
            let clip = open(counter, in: &plan)
            _ = add(60, to: clip, in: &plan)
            plan.setManifest([2], of: clip, closed: true)
            _ = write(&plan)
            return clip
        }
        #expect(plan.diskBytes == 60 && plan.heldBytes == 60 && plan.clips == [clips[0], clips[2]], "of the two in memory the older one went for the third")
        #expect(plan.isOnDisk(clips[0]) && !plan.isOnDisk(clips[2]))
    }

    /// A peer to which a clip was handed over, and that is gone, holds up nothing; nor does one that cannot take a clip without its beginning.
    @Test func whatNoPeerCanTakeIsForTheDisk() throws {
        var plan = plan()
        plan.setHolder("peer")
        let clip = open(1, in: &plan)
        _ = add(60, to: clip, in: &plan)
        for _ in 0..<2 { plan.finish(try #require(plan.nextReplicaJob(now: .now))) }
        _ = add(60, to: clip, in: &plan)
        #expect(plan.isHandedOver(clip) && write(&plan).isEmpty)
        plan.lost(holder: "peer")
        #expect(write(&plan) == ["1 video 60+60 new"] && plan.heldBytes == 0)
        plan.setHolder("another")
        let second = open(2, in: &plan)
        _ = add(60, to: second, in: &plan)
        store(&plan)
        _ = add(60, to: second, in: &plan)
        #expect(write(&plan) == ["2 video 60+60 new"], "its beginning is on the target only")
    }

    /// What the target has overtaken is of no use on the disk, and what comes then begins a new file.
    @Test func aTargetMayOvertakeTheDisk() throws {
        var plan = plan()
        let clip = open(1, in: &plan)
        _ = add(70, to: clip, in: &plan)
        #expect(write(&plan) == ["1 video 0+70 new", "1 manifest 1"])
        _ = add(20, to: clip, in: &plan)
        store(&plan)
        #expect(write(&plan) == ["1 remove"] && plan.diskBytes == 0)
        _ = add(80, to: clip, in: &plan)
        #expect(write(&plan) == ["1 video 90+80 new"])
        store(&plan)
        plan.setManifest([2], of: clip, closed: true)
        store(&plan)
        #expect(write(&plan) == ["1 remove"] && plan.clips.isEmpty)
    }

    /// Before the end all that no target has goes there, however little memory holds.
    @Test func theEndLeavesItThere() throws {
        var plan = plan()
        plan.setHolder("peer")
        let first = open(1, in: &plan)
        _ = add(10, to: first, in: &plan)
        store(&plan)
        let second = open(2, in: &plan)
        _ = add(10, to: second, in: &plan)
        #expect(write(&plan).isEmpty)
        plan.isEnding = true
        #expect(write(&plan) == ["2 video 0+10 new", "2 manifest 1"])
    }

    /// Years of half seconds are not kept in mind one by one.
    @Test func neighboursOnTheDiskBecomeOne() throws {
        var plan = plan(memory: 10_000, targets: 0)
        let clip = open(1, in: &plan)
        for _ in 0..<200 {
            _ = add(10, to: clip, in: &plan)
            _ = write(&plan)
        }
        #expect(plan.entries[clip]!.chunks.map(\.fragments) == [64, 64, 64, 8] && plan.isOnDisk(clip))
        #expect(plan.held(clip, at: 1300).map { [$0.offset, $0.bytes.count] } == [1280, 640])
        plan.setHolder("peer")
        plan.finish(try #require(plan.nextReplicaJob(now: .now)))
        guard case .video(let bytes, 0) = try #require(plan.nextReplicaJob(now: .now)).work else { throw TestFailure("no video") }
        #expect(bytes.map(\.count) == [640], "no more fragments at once than a peer takes")
    }

    @Test func aDiskThatIsSmallerThanItsQuotaIsARingAllTheSame() {
        var plan = plan(memory: 1 << 30, targets: 0)
        var clips: [ClipID] = []
        for counter in 1...3 as ClosedRange<UInt32> {
            clips.append(open(counter, in: &plan))
            _ = add(SpoolPlan.batchBytes / 2, to: clips.last!, in: &plan)
            plan.setManifest([2], of: clips.last!, closed: true)
            _ = write(&plan)
        }
        #expect(plan.makeDiskRoom().isEmpty)
        plan.diskIsFull()
        let gone = plan.makeDiskRoom()
        #expect(gone == Array(clips[..<2]) && plan.diskBytes == SpoolPlan.batchBytes / 2)
    }

    /// A clip that is dropped while the disk writes it leaves nothing there.
    @Test func whatIsGoneMeanwhileLeavesNothing() throws {
        var plan = plan(targets: 0)
        let clip = open(1, in: &plan)
        _ = add(10, to: clip, in: &plan)
        let job = try #require(plan.nextDiskJob())
        plan.forget(clip)
        plan.finish(job) { _, _ in [] }
        #expect(write(&plan) == ["1 remove"] && plan.diskBytes == 0)
    }

    /// Who starts again takes up what is there, older clips first.
    @Test func anEarlierRunsClipsAreTakenUp() throws {
        var plan = plan()
        let own = open(1, in: &plan)
        let old = ClipID(node: .nodeA, boot: 1, counter: 7)
        plan.found(old, path: path(7), pieces: [[1, 2], [3]], poster: [9], manifest: [5])
        plan.found(old, path: path(7), pieces: [[1, 2], [3]], poster: [9], manifest: [5])
        #expect(plan.clips == [old, own] && plan.diskBytes == 3 && plan.heldBytes == 0 && plan.isOnDisk(old) && plan.nextDiskJob() == nil)
        plan.setHolder("peer")
        #expect(plan.nextReplicaJob(now: .now + .seconds(60)) == nil)
        store(&plan)
        #expect(write(&plan) == ["7 remove"] && plan.clips == [own])
        plan.found(old, path: path(7), pieces: [[1, 2], [3]], poster: nil, manifest: [5])
        // A disk may be away for a while: what it holds is asked for again, and given up late; its files are left alone.
        let began = ContinuousClock.now
        let first = (plan.unreadable(old, now: began), plan.unreadable(own, now: began))
        #expect(first == (false, false))
        #expect(plan.nextJob(for: 0, now: began + .seconds(20))?.clip == nil && plan.nextJob(for: 0, now: began + .seconds(40))?.clip == old)
        let answers = (0..<19).map { _ in plan.unreadable(old, now: began) }
        #expect(answers == [Bool](repeating: false, count: 18) + [true] && plan.clips == [own] && plan.diskBytes == 0 && plan.nextDiskJob() == nil)
    }

    /// A camera, a target and a disk, of which each fails at times, and the camera dies once: whatever was admitted and not dropped is in memory, on the
    /// target or on the disk; what the disk had from its first byte on outlives the camera; and in the end the target has all, and the disk nothing.
    @Test(arguments: 0..<200 as Range<UInt64>) func nothingIsLostOnTheWay(seed: UInt64) throws {
        var random = SplitMix64(seed)
        let hasTarget = Int.random(in: 0..<4, using: &random) > 0
        let (memory, quota) = (Int.random(in: 200...2000, using: &random), Int.random(in: 500...20_000, using: &random) + (hasTarget ? 0 : SpoolPlan.batchBytes))
        var plan = SpoolPlan(capacityBytes: memory, diskCapacityBytes: quota, targets: hasTarget ? [0] : [])
        var files: [ClipID: [UInt8]] = [:]
        var target: [ClipID: [UInt8]] = [:]
        var disk: [ClipID: (begin: Int, bytes: [UInt8], manifest: [UInt8])] = [:]
        var (open, gone): (ClipID?, Set<ClipID>) = (nil, [])
        var (isTargetWell, boot, counter) = (true, UInt32(1), UInt32(0))
        func onTarget(_ plan: inout SpoolPlan) {
            guard let job = plan.nextJob(for: 0) else { return }
            // The file of an earlier run is there already, and holds as much.
            if job.createsFile, job.clip.boot < boot, let there = target[job.clip], there.count >= plan.totalBytes(of: job.clip)! { return plan.giveUp(job.clip, on: 0) }
            if case .video(let bytes, let offset) = job.work { target[job.clip] = (target[job.clip] ?? []).prefix(offset) + bytes.flatMap { $0.withBytes { Array($0) } } }
            plan.finish(job, on: 0)
        }
        func onDisk(_ plan: inout SpoolPlan) {
            gone.formUnion(plan.makeDiskRoom())
            guard let job = plan.nextDiskJob() else { return }
            switch job.work {
            case .video(let bytes, let offset):
                if job.createsFile { disk[job.clip] = (offset, [], []) }
                disk[job.clip]!.bytes = disk[job.clip]!.bytes.prefix(offset - disk[job.clip]!.begin) + bytes.flatMap { $0.withBytes { Array($0) } }
            case .manifest(let bytes, _): disk[job.clip]!.manifest = bytes
            case .poster: break
            case .remove: disk[job.clip] = nil
            }
            // It may fail half-way; a file that it began goes then.
            if Int.random(in: 0..<8, using: &random) == 0 {
                if job.createsFile { disk[job.clip] = nil }
                return
            }
            plan.finish(job) { offset, count in
                let file = disk[job.clip]!
                return Array(file.bytes[(offset - file.begin)..<(offset - file.begin + count)])
            }
        }
        func check(_ clip: ClipID, _ step: Int) {
            var known = target[clip]?.count ?? 0
            while let held = plan.held(clip, at: known) { known = held.offset + held.bytes.count }
            #expect(known >= files[clip]!.count, "seed \(seed) step \(step): \(clip) ends at \(known) of \(files[clip]!.count)")
        }
        for step in 0..<500 {
            switch Int.random(in: 0..<16, using: &random) {
            case 0: isTargetWell.toggle()
            case 1...6:
                if open == nil {
                    counter += 1
                    let id = ClipID(node: .nodeA, boot: boot, counter: counter)
                    plan.open(id, path: path(counter), manifest: [1])
                    (open, files[id]) = (id, [])
                }
                let piece = (0..<Int.random(in: 1...150, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                let admission = plan.append([piece], to: open!, beginsWithKeyFrame: true)
                if admission.admitted { files[open!]! += piece }
                gone.formUnion(admission.dropped)
                if files[open!]!.count > 100, Int.random(in: 0..<6, using: &random) == 0 {
                    plan.setManifest([2], of: open!, closed: true)
                    open = nil
                }
            case 7...10: if isTargetWell && hasTarget { onTarget(&plan) }
            default: onDisk(&plan)
            }
            #expect(plan.heldBytes <= memory && plan.diskBytes <= quota, "seed \(seed)")
            for clip in files.keys where !gone.contains(clip) { check(clip, step) }
            if step == 350, Bool.random(using: &random) {
                // The camera dies, and starts again: what it finds is what counts.
                (boot, counter, open) = (boot + 1, 0, nil)
                plan = SpoolPlan(capacityBytes: memory, diskCapacityBytes: quota, targets: hasTarget ? [0] : [])
                for (id, file) in disk {
                    guard file.begin == 0, !file.manifest.isEmpty else {
                        disk[id] = nil
                        continue
                    }
                    #expect(files[id]!.starts(with: file.bytes), "seed \(seed)")
                    plan.found(id, path: path(id.counter), pieces: [file.bytes], poster: nil, manifest: [3])
                }
                for id in files.keys { files[id] = Array(files[id]!.prefix(max(target[id]?.count ?? 0, disk[id]?.bytes.count ?? 0))) }
            }
        }
        guard hasTarget else { return }
        if let open { plan.setManifest([2], of: open, closed: true) }
        for _ in 0..<2000 where plan.nextJob(for: 0) != nil || plan.nextDiskJob() != nil { onTarget(&plan); onDisk(&plan) }
        for (clip, file) in files where !gone.contains(clip) { #expect(target[clip] ?? [] == file, "seed \(seed): \(clip)") }
        #expect(disk.isEmpty && plan.diskBytes == 0 && plan.heldBytes == 0, "seed \(seed): \(disk.keys.map(\.counter)) \(plan.clips.map(\.counter)) \(gone.count) \(plan.diskBytes) \(plan.heldBytes) \(plan.nextJob(for: 0).debugDescription) \(plan.nextDiskJob().debugDescription)")
    }
}
