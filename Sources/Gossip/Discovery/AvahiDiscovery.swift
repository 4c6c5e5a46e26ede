import Dispatch
public import Logging
import Synchronization

/// mDNS through the system's avahi-daemon (libavahi-client over D-Bus).
///
/// A daemon that is absent, comes, goes or restarts is followed: whenever the connection breaks, a new one is made. Names that
/// others have already get a number. Nodes on this very host are found like any others.
public final class AvahiDiscovery: Discovery {
    static let serviceType = "_meshcam._tcp"
    private static let retryMinimum = Duration.milliseconds(250)
    private static let retryMaximum = Duration.seconds(5)
    /// What the daemon tells at once of a crowd; of more, the oldest is lost.
    private static let eventLimit = 4096

    private struct State: Sendable {
        var status = DiscoveryStatus.starting
        var announcement: ServiceAnnouncement?
        var session: AvahiSession?
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let resolverLimit: Int
    /// libavahi-client waits for the daemon's answers, up to D-Bus' limit of 25 s: never on the cooperative pool.
    private let queue = DispatchQueue(label: "avahi")

    public convenience init(logger: Logger) {
        self.init(logger: logger, resolverLimit: AvahiSession.resolverLimit)
    }

    /// - Parameter resolverLimit: services resolved at a time; more take turns.
    init(logger: Logger, resolverLimit: Int) {
        self.logger = logger
        self.resolverLimit = resolverLimit
    }

    /// Whether anybody can be found this way now.
    public var status: DiscoveryStatus { state.withLock { $0.status } }

    public func update(_ announcement: ServiceAnnouncement?) {
        let session = state.withLock { state in
            state.announcement = announcement
            return state.session
        }
        if let session { queue.async { session.publish(announcement) } }
    }

    /// Browses and publishes until cancelled.
    public func run(
        publishing announcement: ServiceAnnouncement?, onChange: @escaping @Sendable (DiscoveryEvent) -> Void
    ) async throws {
        state.withLock { $0.announcement = announcement }
        var pause = Self.retryMinimum
        while !Task.isCancelled {
            let began = ContinuousClock.now
            let why = await connect(onChange)
            if Task.isCancelled { break }
            set(.noDaemon("mDNS does not work: \(why). Install and start avahi-daemon, or name other nodes as seeds; known addresses are tried meanwhile."), onChange)
            // A connection that held for a while broke by itself: the daemon restarts, and is back at once.
            pause = ContinuousClock.now - began > .seconds(10) ? Self.retryMinimum : min(pause * 2, Self.retryMaximum)
            try? await ContinuousClock().sleep(for: pause)
        }
        state.withLock { $0.status = .starting }
    }

    /// One connection to the daemon, from its beginning to its end. Answers why it ended.
    private func connect(_ onChange: @escaping @Sendable (DiscoveryEvent) -> Void) async -> String {
        let (events, continuation) = AsyncStream<AvahiSession.Event>.makeStream(bufferingPolicy: .bufferingNewest(Self.eventLimit))
        let session = AvahiSession(resolverLimit: resolverLimit) { continuation.yield($0) }
        state.withLock { $0.session = session }
        queue.async { [announcement = state.withLock { $0.announcement }] in session.start(announcement) }
        var why = "it was stopped"
        for await event in events {
            switch event {
            case .running: set(.running, onChange)
            case .waiting: set(.noDaemon("No avahi-daemon runs here: install and start it, or name other nodes as seeds; known addresses are tried meanwhile."), onChange)
            case .discovered(let event): onChange(event)
            case .failed(let reason): why = reason
            }
            if case .failed = event { break }
        }
        state.withLock { $0.session = nil }
        await withCheckedContinuation { done in
            queue.async {
                session.stop()
                done.resume()
            }
        }
        return why
    }

    private func set(_ status: DiscoveryStatus, _ onChange: (DiscoveryEvent) -> Void) {
        let isNews = state.withLock { state in
            defer { state.status = status }
            return state.status != status
        }
        guard isNews else { return }
        if status == .running { logger.info("mDNS works") }
        onChange(.status(status))
    }
}
