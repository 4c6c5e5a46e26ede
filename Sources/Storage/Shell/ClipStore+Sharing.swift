import Foundation
import Synchronization

/// What nodes find out in pairs: whether a target is one storage for both, on which only one of them can hold a lease.
extension ClipStore {
    /// One side of a ``CreateRace``, on a thread of its own: it takes as long as the target lets it. Whoever waits is free at once when he is cancelled.
    ///
    /// - Throws: ``TargetError``; `ENODEV` where the target is not this node's or does not work, `EBUSY` while it is being tried already.
    package func race(_ name: String, on number: Int, as side: CreateRace.Side) async throws(TargetError) -> CreateRace.Lap {
        guard let place = targets[number], targetStatus.contains(where: { $0.number == number && $0.problem == nil }) else {
            throw TargetError(operation: "use", path: targets.name(number), code: ENODEV)
        }
        guard races.begin(number) else { throw TargetError(operation: "try", path: targets.name(number), code: EBUSY) }
        return try await onThread(of: number) { [races] isOver throws(TargetError) in
            defer {
                races.end(number)
                if side == .second { place.racing.end() }
            }
            return try CreateRace(name: name, isOver: isOver).run(on: place.racing, as: side)
        }
    }

    /// When both sides are through.
    package func clearRace(_ name: String, on number: Int) async {
        guard let place = targets[number] else { return }
        try? await onThread(of: number) { isOver throws(TargetError) in
            defer { place.racing.end() }
            try CreateRace(name: name, isOver: isOver).clear(on: place.racing)
        }
    }

    private func onThread<Value: Sendable>(
        of number: Int, _ work: @escaping @Sendable (_ isOver: @escaping @Sendable () -> Bool) throws(TargetError) -> Value
    ) async throws(TargetError) -> Value {
        let answer = Answer<Value>()
        let result: Result<Value, TargetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                let thread = Thread {
                    do throws(TargetError) { answer.give(.success(try work { answer.isGiven })) } catch { answer.give(.failure(error)) }
                }
                thread.name = "target-\(number)-race"
                thread.stackSize = 1 << 20
                thread.start()
            }
        } onCancel: {
            answer.give(.failure(TargetError(operation: "try", path: targets.name(number), code: TargetError.cancelled)))
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

/// Which targets are being tried: one race at a time, so that none slows another down.
final class RunningRaces: Sendable {
    private let numbers = Mutex<Set<Int>>([])

    func begin(_ number: Int) -> Bool { numbers.withLock { $0.insert(number).inserted } }
    func end(_ number: Int) { numbers.withLock { _ = $0.remove(number) } }
}

/// The first answer counts.
private final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case none
        case awaited(CheckedContinuation<Result<Value, TargetError>, Never>)
        case given(Result<Value, TargetError>)
    }

    private let state = Mutex(State.none)

    var isGiven: Bool { state.withLock { if case .given = $0 { true } else { false } } }

    func wait(_ continuation: CheckedContinuation<Result<Value, TargetError>, Never>) {
        let known = state.withLock { state -> Result<Value, TargetError>? in
            if case .given(let result) = state { return result }
            state = .awaited(continuation)
            return nil
        }
        if let known { continuation.resume(returning: known) }
    }

    func give(_ result: Result<Value, TargetError>) {
        let continuation = state.withLock { state -> CheckedContinuation<Result<Value, TargetError>, Never>? in
            defer { if case .given = state {} else { state = .given(result) } }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: result)
    }
}
