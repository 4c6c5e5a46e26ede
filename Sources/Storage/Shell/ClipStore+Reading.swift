import Dispatch
import Foundation

/// Why a clip's bytes cannot be had now.
public enum ClipReadError: Error, Sendable {
    /// Nobody knows the clip.
    case unknown
    /// It was known, and somebody deleted it from the last target that held it.
    case deleted
    /// It is known, but no holder answers: the problem in words.
    case unavailable(String)
}

extension ClipStore {
    /// Bytes of the video there are now, whether or not more are coming.
    public func size(of id: ClipID) -> Int? { clip(id)?.facts.bytes }

    /// Whether memory or a target has the clip; otherwise it is known, and a peer has it.
    public func isAtHand(_ id: ClipID) -> Bool { state.withLock { $0.plan.totalBytes(of: id) != nil } || clip(id)?.places.isEmpty == false }

    /// Bytes of a clip's video; fewer than `count` at its end. What memory still holds comes from there, the rest from targets,
    /// off the cooperative pool.
    public func read(_ id: ClipID, at offset: Int, count: Int) async throws -> [UInt8] {
        guard let entry = clip(id) else { throw ClipReadError.unknown }
        let end = min(offset + count, entry.facts.bytes)
        var bytes: [UInt8] = []
        while offset + bytes.count < end {
            let place = offset + bytes.count
            if let (held, start) = held(id, at: place), let loaded = try await load(held, of: id) {
                loaded.withBytes { bytes += $0[(place - start)...].prefix(end - place) }
            } else {
                let stored = try await fromTargets(entry, .video, told: \.count) { target, file throws(TargetError) in
                    try target.read(file, at: place, count: end - place)
                }
                if stored.isEmpty { break }
                bytes += stored
            }
        }
        return bytes
    }

    /// The clip's still picture, a JPEG.
    public func poster(of id: ClipID) async throws -> [UInt8] {
        if let held = heldPoster(id), let loaded = try await load(held, of: id) { return loaded.withBytes { Array($0) } }
        guard let entry = clip(id) else { throw ClipReadError.unknown }
        return try await fromTargets(entry, .poster) { target, file throws(TargetError) in try target.readAll(file, limit: 8 << 20) }
    }

    /// In memory. What the local disk holds is read beside the cooperative pool; nil where it has just left for a target.
    private func load(_ bytes: any FragmentBytes, of id: ClipID) async throws -> (any FragmentBytes)? {
        guard bytes is FileBytes else { return bytes }
        do {
            return try await loaded([bytes]).first
        } catch {
            guard clip(id)?.places.isEmpty == false else { throw ClipReadError.unavailable("\(error)") }
            return nil
        }
    }

    /// The same bytes in memory, without a thread of the cooperative pool waiting for the local disk.
    public func loaded(_ bytes: [any FragmentBytes]) async throws -> [any FragmentBytes] {
        guard bytes.contains(where: { $0 is FileBytes }) else { return bytes }
        return try await TargetQueue.shared.run { () throws(TargetError) in
            do { return try bytes.map { try $0.loaded() } } catch let error as TargetError { throw error } catch {
                throw TargetError(operation: "read", path: "\(error)", code: EIO)
            }
        }
    }

    /// The clip's sidecar, see ``Manifest``.
    public func manifest(of id: ClipID) async throws -> [UInt8] {
        if let held = state.withLock({ $0.plan.manifest(of: id) }) { return held }
        guard let entry = clip(id) else { throw ClipReadError.unknown }
        return try await fromTargets(entry, .manifest, told: entry.told) { target, file throws(TargetError) in try target.readAll(file, limit: FoundClip.manifestLimit) }
    }

    private enum Finding: Sendable {
        case bytes([UInt8])
        case deleted
    }

    /// - Parameter told: see ``BestAnswer``.
    private func fromTargets(
        _ entry: CatalogueEntry, _ kind: ClipPath.Kind, told: ([UInt8]) -> Int = { _ in .max },
        _ read: @escaping @Sendable (TargetProcess, String) throws(TargetError) -> [UInt8]
    ) async throws -> [UInt8] {
        var best = kind == .video ? BestAnswer(least: 1, wanted: 1) : BestAnswer(least: 0, wanted: entry.facts.bytes)
        // Those that work first: one that hangs takes its time.
        let broken = Set(targetStatus.filter { $0.problem != nil }.map(\.number))
        for (number, path) in entry.places(broken: broken) {
            guard let place = targets[number], !broken.contains(number) || !best.isSomething else { continue }
            let target = place.reading
            do {
                let finding = try await TargetQueue.shared.run { [camera = settings.camera] () throws(TargetError) -> Finding in
                    do throws(TargetError) {
                        return .bytes(try read(target, path.file(kind)))
                    } catch {
                        // Where the camera's folder is in its place the target is the right one, and well: somebody deleted the file.
                        guard kind == .video, error.code == ENOENT, target.owner(of: path.folder) == camera else { throw error }
                        return .deleted
                    }
                }
                switch finding {
                case .bytes(let bytes):
                    if best.take(bytes, told: told(bytes)) { return bytes }
                case .deleted where !missing(entry.facts.id, on: number): throw ClipReadError.deleted
                case .deleted: best.problem = "\(place.location) does not hold it any more"
                }
            } catch let error as TargetError {
                best.problem = "\(error)"
            }
        }
        return try best.get(otherwise: "it was never stored")
    }
}

/// Threads for reads that may block for as long as a target does. At most `limit` at once: a target that hangs costs these
/// threads and no others, and further reads fail at once instead of queueing without end.
final class TargetQueue: Sendable {
    static let shared = TargetQueue(limit: 8)

    private let queue = DispatchQueue(label: "meshcam.target-reads", attributes: .concurrent)
    private let slots: DispatchSemaphore

    init(limit: Int) {
        slots = DispatchSemaphore(value: limit)
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () throws(TargetError) -> Result) async throws(TargetError) -> Result {
        let result: Swift.Result<Result, TargetError> = await withCheckedContinuation { continuation in
            queue.async { [slots] in
                // Waiting a moment absorbs a burst; waiting for ever would pile up behind a target that hangs.
                guard slots.wait(timeout: .now() + 5) == .success else {
                    return continuation.resume(returning: .failure(TargetError(operation: "read", path: "storage", code: ETIMEDOUT)))
                }
                defer { slots.signal() }
                do throws(TargetError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
