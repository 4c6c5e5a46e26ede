/// Making room: what leaves memory when, and what is given up when it ends.
extension SpoolPlan {
    mutating func makeRoom(for bytes: Int, sparing open: ClipID) -> Admission {
        var admission = Admission(admitted: true)
        if heldBytes + bytes <= capacityBytes { return admission }
        // Where memory holds nothing of it, nothing is gained.
        for clip in order where heldBytes + bytes > capacityBytes && isHeld(clip) { handOver(clip) }
        for clip in order where heldBytes + bytes > capacityBytes && isHeld(clip) { trustWhatIsWritten(clip) }
        for clip in order where heldBytes + bytes > capacityBytes && isHeld(clip) {
            admission.givenUp += giveUpWhereAnotherHolds(clip)
        }
        for clip in order where heldBytes + bytes > capacityBytes && clip != open && isHeld(clip) && entries[clip]!.isClosed {
            // A peer's copy stays where it is.
            drop(clip, keepsReplica: true)
            admission.dropped.append(clip)
        }
        admission.admitted = heldBytes + bytes <= capacityBytes
        return admission
    }

    private func isHeld(_ clip: ClipID) -> Bool { entries[clip].map { $0.weight(of: $0.chunks) > 0 } ?? false }

    private mutating func giveUpWhereAnotherHolds(_ clip: ClipID) -> [Admission.GivenUp] {
        guard let entry = entries[clip] else { return [] }
        let best = entry.copies.values.lazy.filter { !$0.givenUp }.map(\.videoBytes).max() ?? 0
        guard best > entry.chunks[0].offset else { return [] }
        var given: [Admission.GivenUp] = []
        for (target, copy) in entry.copies.sorted(by: { $0.key < $1.key }) where !copy.givenUp && copy.videoBytes < best {
            entries[clip]!.copies[target]!.givenUp = true
            given.append(.init(clip: clip, target: target))
        }
        release(clip)
        forgetIfDone(clip)
        return given
    }

    mutating func release(_ clip: ClipID) {
        guard let entry = entries[clip], !targets.isEmpty else { return }
        var everywhere = entry.copies.values.lazy.filter { !$0.givenUp }.map(heldBytes(of:)).min()
        if let replica = entry.replica, replica.isHandedOver { everywhere = min(everywhere ?? .max, replica.videoBytes) }
        // Nobody wants it: nothing has to wait.
        let kept = entry.chunks.drop { $0.end <= everywhere ?? .max }
        heldBytes -= entry.weight(of: entry.chunks.prefix(entry.chunks.count - kept.count))
        entries[clip]!.chunks = Array(kept)
        // The target has overtaken the disk: nothing there is needed, and what comes does not follow on it.
        if let disk = entry.disk, kept.first?.offset ?? entry.totalBytes > disk.end {
            leaveDisk(clip, disk)
            entries[clip]!.disk = nil
        }
    }

    func isWrittenEverywhere(_ clip: ClipID) -> Bool {
        guard let entry = entries[clip], entry.isClosed, !targets.isEmpty else { return false }
        let wanted = entry.copies.values.filter { !$0.givenUp }
        return !wanted.isEmpty && wanted.allSatisfy { entry.isComplete($0) }
    }

    mutating func drop(_ clip: ClipID, keepsReplica: Bool = false) {
        guard let entry = entries.removeValue(forKey: clip) else { return }
        heldBytes -= entry.weight(of: entry.chunks)
        if let disk = entry.disk { leaveDisk(clip, disk) }
        if let replica = entry.replica, !keepsReplica, !replica.isHandedOver { release(replica, of: clip) }
        order.removeAll { $0 == clip }
    }

    @discardableResult
    mutating func forgetIfDone(_ clip: ClipID) -> Bool {
        if isHandedOverWhole(clip) {
            drop(clip)
            return true
        }
        guard isWrittenEverywhere(clip), let entry = entries[clip],
            entry.copies.values.allSatisfy({ $0.givenUp || heldBytes(of: $0) == entry.totalBytes && (settle == nil || $0.readBack.manifestEdition == $0.manifestEdition) })
        else { return false }
        drop(clip)
        return true
    }
}
