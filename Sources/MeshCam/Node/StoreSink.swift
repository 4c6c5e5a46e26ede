import Foundation
public import Media
public import Storage
import Synchronization

/// Carries what the recorder makes into the store: the one place where `Media` and `Storage` meet.
struct StoreSink: ClipSink {
    let store: ClipStore
    let clock: WallClock
    let openClips: OpenClips

    func open(_ header: ClipHeader) -> any ClipWriter {
        let quality = clock.quality
        let id = store.open(
            ClipStore.Draft(
                event: header.event, kind: header.kind, label: header.label, origin: openClips.origin(of: header.event),
                start: clock.date(of: header.start), triggered: clock.date(of: header.triggered), codec: header.codec.rawValue,
                width: header.width, height: header.height, framesPerSecond: header.framesPerSecond, hasAudio: header.hasAudio,
                continues: header.continues,
                clock: ClipFacts.Clock(quality: quality.source.rawValue, uncertaintySeconds: quality.uncertaintySeconds, offsetSeconds: quality.offsetSeconds)))
        openClips.opened(id, event: header.event, in: store)
        return Writer(id: id, start: header.start, store: store, openClips: openClips)
    }

    private struct Writer: ClipWriter {
        let id: ClipID
        let start: ContinuousClock.Instant
        let store: ClipStore
        let openClips: OpenClips

        func append(_ fragment: Fragment) -> Bool {
            store.append(
                fragment.bytes, to: id, durationSeconds: fragment.index == 0 ? 0 : (fragment.end - start) / .seconds(1),
                beginsWithKeyFrame: fragment.containsKeyFrame)
        }

        func shows(_ event: String) { store.add(event: event, to: id) }

        func poster(_ jpeg: JPEGPicture) { store.setPoster(jpeg.bytes, of: id) }

        func close(_ summary: ClipSummary) {
            openClips.closed(id)
            store.close(id, durationSeconds: summary.durationSeconds, reason: summary.reason.inWords, lostPictures: summary.lostPictures)
        }
    }
}

/// The recordings that are open now, by incident, so that what is learned of an incident reaches its clips.
final class OpenClips: Sendable {
    private struct State {
        var clips: [ClipID: String] = [:]
        /// Who noticed; for the incidents of the last minutes.
        var origins: [(event: String, camera: String)] = []
        /// Incidents that turned out to be one, before their clip was open.
        var joins: [(other: String, own: String)] = []
    }

    private let state = Mutex(State())

    func expect(event: String, origin: String) {
        state.withLock { state in
            guard !state.origins.contains(where: { $0.event == event }) else { return }
            state.origins = state.origins.suffix(31) + [(event, origin)]
        }
    }

    func origin(of event: String) -> String? {
        state.withLock { $0.origins.last { $0.event == event }?.camera }
    }

    func opened(_ id: ClipID, event: String, in store: ClipStore) {
        let others = state.withLock { state in
            state.clips[id] = event
            return state.joins.filter { $0.own == event }.map(\.other)
        }
        for other in others { store.add(event: other, to: id) }
    }

    func closed(_ id: ClipID) { state.withLock { _ = $0.clips.removeValue(forKey: id) } }

    func join(_ other: String, to own: String, in store: ClipStore) {
        let open = state.withLock { state in
            state.joins = state.joins.suffix(31) + [(other, own)]
            return Array(state.clips.keys)
        }
        for id in open { store.add(event: other, to: id) }
    }
}

extension SharedBytes: FragmentBytes {
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}

extension ClipSummary.Reason {
    /// For the manifest.
    var inWords: String {
        switch self {
        case .motionEnded: "the motion ended"
        case .maximumLength: "the file had its full length; the next one goes on"
        case .sinkLost: "its file was deleted, or its storage went away; the next one goes on"
        case .stopped: "the camera was stopped"
        case .sourceLost(let why): "the source was lost: \(why)"
        }
    }
}
