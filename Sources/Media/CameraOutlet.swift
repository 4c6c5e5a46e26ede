import Foundation
import Synchronization

/// Where a camera's threads leave what they make: access units, the newest picture, motion, facts for the status. All of it never waits.
final class CameraOutlet: Sendable {
    let bus: AccessUnitBus
    let preRoll: PreRollRing
    let studio = StillStudio()
    let small: SmallStream
    let statuses = Broadcast<CameraStatus>(buffer: 1)
    let motions = Broadcast<MotionEvent>(buffer: 16)

    private struct State {
        var status = CameraStatus()
        var announced: CameraStatus?
        var keyFrameRequested = false
        var lastKeyFrameRequest: ContinuousClock.Instant?
        var droppedBefore = 0
        var dropped: @Sendable () -> Int = { 0 }
    }

    private let state = Mutex(State())
    /// Instant of media time 0.
    private let epoch: ContinuousClock.Instant

    init(
        preRoll: PreRollRing, small: SmallStreamSettings = SmallStreamSettings(), keyFrameInterval: Duration = .seconds(2),
        epoch: ContinuousClock.Instant
    ) {
        self.preRoll = preRoll
        self.epoch = epoch
        bus = AccessUnitBus(preRoll: preRoll)
        self.small = SmallStream(settings: small, keyFrameInterval: keyFrameInterval) { MediaTime.ticks90k($0 - epoch) }
    }

    /// The media time of `instant`, 1/90000 s since this camera object began.
    func mediaTime(_ instant: ContinuousClock.Instant) -> Int64 {
        MediaTime.ticks90k(instant - epoch)
    }

    func publish(_ unit: AccessUnit) {
        bus.publish(unit)
    }

    func saw(_ picture: Picture) {
        update { $0.pictures += 1 }
        studio.offer(picture)
        small.offer(picture)
    }

    func motion(_ reading: MotionReading) {
        update {
            $0.motion = reading.isActive
            $0.motionLevel = reading.level
        }
        if let event = reading.event { motions.send(event) }
    }

    func opened(_ format: SourceFormat, encoder: String, hasAudio: Bool) {
        update {
            $0.state = .running
            $0.width = format.width
            $0.height = format.height
            $0.framesPerSecond = format.framesPerSecond
            $0.encoder = encoder
            $0.passThrough = format.passThrough
            $0.hasAudio = hasAudio
        }
    }

    /// An attempt begins; `dropped` counts what its queue drops.
    func began(dropped: @escaping @Sendable () -> Int) {
        state.withLock { $0.dropped = dropped }
        update { $0.state = .starting }
    }

    /// An attempt is over: what was shown or held of it is void.
    func ended(_ newState: CameraStatus.State, reason: String, at now: ContinuousClock.Instant) {
        let wasMoving = state.withLock { state in
            state.droppedBefore += state.dropped()
            state.dropped = { 0 }
            return state.status.motion
        }
        if wasMoving {
            motions.send(MotionEvent(phase: .ended, at: now, level: 0, region: MotionRegion(x: 0, y: 0, width: 0, height: 0)))
        }
        update {
            $0.state = newState
            $0.motion = false
            $0.motionLevel = 0
        }
        // The next source may have another size: its pictures cannot continue a clip that begins in this one.
        preRoll.clear()
        studio.clear()
        small.interrupt(reason: reason)
        bus.interrupt(reason: reason)
    }

    func set(_ newState: CameraStatus.State) {
        update { $0.state = newState }
    }

    var status: CameraStatus {
        state.withLock { state in
            var status = state.status
            status.droppedPictures = state.droppedBefore + state.dropped()
            return status
        }
    }

    private func update(_ change: (inout CameraStatus) -> Void) {
        let announcement = state.withLock { state -> CameraStatus? in
            change(&state.status)
            if let announced = state.announced, !state.status.differsVisibly(from: announced) { return nil }
            state.announced = state.status
            return state.status
        }
        if let announcement { statuses.send(announcement) }
    }

    /// Asks for a key frame with the next picture, at most once per 500 ms; what comes sooner is remembered until then.
    func requestKeyFrame() {
        state.withLock { $0.keyFrameRequested = true }
    }

    func takeKeyFrameRequest(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.keyFrameRequested else { return false }
            if let last = state.lastKeyFrameRequest, now - last < .milliseconds(500) { return false }
            state.keyFrameRequested = false
            state.lastKeyFrameRequest = now
            return true
        }
    }
}
