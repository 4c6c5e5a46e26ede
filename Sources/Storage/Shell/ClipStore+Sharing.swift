import Foundation

/// What nodes find out in pairs: whether a target is one storage for both, on which only one of them can hold a lease.
extension ClipStore {
    /// One side of a ``CreateRace``, on a thread of its own: it takes as long as the target lets it.
    ///
    /// - Throws: ``TargetError``; `ENODEV` where the target is not this node's or does not work.
    package func race(_ name: String, on number: Int, as side: CreateRace.Side) async throws(TargetError) -> CreateRace.Lap {
        guard let place = targets[number], targetStatus.contains(where: { $0.number == number && $0.problem == nil }) else {
            throw TargetError(operation: "use", path: targets.name(number), code: ENODEV)
        }
        return try await onThread(of: number) { () throws(TargetError) in try CreateRace(name: name).run(on: place.racing, as: side) }
    }

    /// When both sides are through.
    package func clearRace(_ name: String, on number: Int) async {
        guard let place = targets[number] else { return }
        try? await onThread(of: number) { () throws(TargetError) in
            defer { place.racing.end() }
            try CreateRace(name: name).clear(on: place.racing)
        }
    }

    private func onThread<Value: Sendable>(of number: Int, _ work: @escaping @Sendable () throws(TargetError) -> Value) async throws(TargetError) -> Value {
        let result: Result<Value, TargetError> = await withCheckedContinuation { continuation in
            let thread = Thread {
                do throws(TargetError) { continuation.resume(returning: .success(try work())) } catch { continuation.resume(returning: .failure(error)) }
            }
            thread.name = "target-\(number)-race"
            thread.stackSize = 1 << 20
            thread.start()
        }
        return try result.get()
    }

    /// What came of it.
    package func found(_ sharing: TargetSharing, with node: String, on number: Int) {
        let isNews = state.withLock { state in
            guard let before = state.targets[number] else { return false }
            state.targets[number]?.sharing = sharing
            state.targets[number]?.sharedWith = node
            return before.sharing != sharing
        }
        if isNews { listeners.publish(.targets) }
    }
}
