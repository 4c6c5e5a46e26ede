public import Foundation
public import Logging
import Synchronization

/// All viewers of a node by WebRTC: one UDP port and one thread, however many they are. Each stream is cut into packets once; each viewer
/// has its own encryption, congestion control and choice of stream, so a slow one disturbs nobody.
public final class WebRTCServer: Sendable {
    private let settings: WebRTCServerSettings
    private let wallClock: @Sendable () -> Date
    private let logger: Logger
    private let running = Mutex<WebRTCLoop?>(nil)

    /// - Parameter wallClock: the node's estimate of the time of day, for sender reports.
    public init(settings: WebRTCServerSettings, wallClock: @escaping @Sendable () -> Date, logger: Logger) {
        self.settings = settings
        self.wallClock = wallClock
        self.logger = logger
    }

    /// Serves until the task is cancelled; then everybody hears goodbye, and the thread has ended when this returns.
    ///
    /// - Throws: ``MediaError`` when the port cannot be had.
    public func run() async throws {
        let wallClock = wallClock
        let loop = try WebRTCLoop(
            settings: settings, logger: logger,
            wallTime: { SenderReportClock.WallTime(moment: .now, unixTime: .seconds(wallClock().timeIntervalSince1970)) })
        logger.info("live pictures on UDP port \(loop.port)")
        running.withLock { $0 = loop }
        await withTaskCancellationHandler {
            await Self.thread(loop)
        } onCancel: {
            loop.post { $0.stop() }
        }
        running.withLock { $0 = nil }
    }

    private static func thread(_ loop: WebRTCLoop) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                loop.run()
                continuation.resume()
            }
            thread.name = "viewers"
            thread.start()
        }
    }

    /// The port that it has; nil while it does not run.
    public var port: UInt16? { running.withLock { $0?.port } }

    /// Begins a session for a viewer.
    ///
    /// - Parameters:
    ///   - offer: an SDP offer to receive video (RFC 8829).
    ///   - source: names the camera; all viewers of one name share its packets.
    ///   - stream: the most that the viewer wants: `small` for a tile of a grid.
    /// - Returns: who it is, the SDP answer with all our candidates, and the ICE generation, which ``trickle(_:_:generations:)`` may name.
    /// - Throws: ``WebRTCError``, in words for who sent the offer.
    public func answer(
        _ offer: String, source: String, live: any LiveSource, stream: LiveStream = .main
    ) async throws -> (id: ViewerID, answer: String, generation: String) {
        // Not on the viewers' thread: long nonsense takes milliseconds.
        let offer = try Self.read(offer)
        let negotiated = try Self.negotiate(offer)
        let answer = await ask { loop, reply in
            loop.open(offer, negotiated, source: source, live: live, ceiling: stream == .small ? .small : .main, reply: reply)
        }
        guard let answer else { throw WebRTCError.notRunning }
        return try answer.get()
    }

    /// Takes what a viewer says later of its addresses (RFC 8840), or of new credentials (an ICE restart).
    ///
    /// - Parameter generations: those that it may be for; nil: any.
    /// - Returns: a fragment to answer with, and the generation that has begun; nil when there is nothing to say.
    /// - Throws: ``WebRTCError``.
    public func trickle(_ id: ViewerID, _ fragment: String, generations: [String]? = nil) async throws -> (fragment: String, generation: String)? {
        let fragment = try Self.readFragment(fragment)
        let answer = await ask { loop, reply in reply(Result { try loop.trickle(id, fragment, generations: generations) }) }
        guard let answer else { throw WebRTCError.notRunning }
        return try answer.get()
    }

    /// Ends a viewer's session; nothing happens when it is over.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func end(_ id: ViewerID) async -> Bool {
        let wasThere = await ask { loop, reply in
            let wasThere = loop.viewers[id] != nil
            loop.end(id)
            reply(wasThere)
        }
        return wasThere ?? false
    }

    /// Everybody who watches now.
    public func statistics() async -> [ViewerStatistics] {
        await ask { loop, reply in reply(loop.statistics) } ?? []
    }

    private static func read(_ text: String) throws(WebRTCError) -> SessionDescription {
        do throws(SDPError) { return try SessionDescription(text) } catch { throw .badOffer(.unreadable(error)) }
    }

    private static func negotiate(_ offer: SessionDescription) throws(WebRTCError) -> NegotiatedSession {
        do throws(OfferError) { return try OfferAnswer.negotiate(offer) } catch { throw .badOffer(error) }
    }

    private static func readFragment(_ text: String) throws(WebRTCError) -> TrickleFragment {
        do throws(SDPError) { return try TrickleFragment(text) } catch { throw .badFragment(error) }
    }

    /// Lets the loop answer on its thread; nil when it does not run.
    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (WebRTCLoop, _ reply: @escaping @Sendable (Answer) -> Void) -> Void
    ) async -> Answer? {
        guard let loop = running.withLock({ $0 }) else { return nil }
        return await withCheckedContinuation { continuation in
            let isTaken = loop.post { loop in question(loop) { continuation.resume(returning: $0) } }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }
}
