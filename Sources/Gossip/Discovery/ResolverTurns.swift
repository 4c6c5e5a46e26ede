/// Which of the services that a network announces are being resolved, when it announces more than we would have open at a time.
///
/// A network that shouts must not fill our memory, and must not hide a camera either: whoever waits gets the place of one that has been
/// answered. That one is known by then; what changes of it later is heard of only when it comes anew.
struct ResolverTurns<Service: Hashable & Sendable>: Sendable {
    /// What follows from an event: first `end` that resolver, then `begin` this one.
    struct Turn: Equatable, Sendable {
        var end: Service?
        var begin: Service?
    }

    /// Resolvers open at a time.
    private let limit: Int
    /// Services that wait; more are ignored.
    private let waitingLimit: Int
    private var open: Set<Service> = []
    /// Of those that are open, the ones that were answered, oldest first.
    private var answered: [Service] = []
    private var waiting: [Service] = []

    init(limit: Int, waitingLimit: Int) {
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// A service is announced.
    mutating func found(_ service: Service) -> Turn {
        guard !open.contains(service), !waiting.contains(service) else { return Turn() }
        guard open.count >= limit else { return begin(service) }
        guard let old = answered.first else {
            if waiting.count < waitingLimit { waiting.append(service) }
            return Turn()
        }
        close(old)
        return Turn(end: old, begin: begin(service).begin)
    }

    /// A resolver has told where its service is, or that nobody answers.
    mutating func told(_ service: Service) -> Turn {
        guard open.contains(service), !answered.contains(service) else { return Turn() }
        guard let next = waiting.first else {
            answered.append(service)
            return Turn()
        }
        close(service)
        waiting.removeFirst()
        return Turn(end: service, begin: begin(next).begin)
    }

    /// A service is announced no more.
    mutating func lost(_ service: Service) -> Turn {
        waiting.removeAll { $0 == service }
        guard open.contains(service) else { return Turn() }
        close(service)
        guard let next = waiting.first else { return Turn(end: service) }
        waiting.removeFirst()
        return Turn(end: service, begin: begin(next).begin)
    }

    private mutating func begin(_ service: Service) -> Turn {
        open.insert(service)
        return Turn(begin: service)
    }

    private mutating func close(_ service: Service) {
        open.remove(service)
        answered.removeAll { $0 == service }
    }
}
