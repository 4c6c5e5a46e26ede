/// Asks STUN servers what our addresses look like from where they are (RFC 8445 §5.1.1.2).
///
/// Unauthenticated, as such servers want it (RFC 8489 §8): an answer counts if it comes from the server, to the address that asked, with
/// the number of the question.
struct ServerReflexiveGathering: Sendable {
    private struct Query: Sendable {
        var path: IcePath
        var transaction: StunTransaction
        var isDone = false
    }

    /// Questions at most: addresses times servers, of one family.
    static let queryLimit = 32

    private var queries: [Query] = []

    init() {}

    /// - Parameter bases: Our addresses; link-local and loopback ones are no use to ask from.
    mutating func start(
        bases: [TransportAddress], servers: [TransportAddress], timing: StunTransaction.Timing, now: MonotonicTime,
        using random: inout some RandomNumberGenerator
    ) {
        queries = []
        for server in servers where server.isUsable {
            for base in bases where base.family == server.family && !base.isLinkLocal && base.isLoopback == server.isLoopback {
                guard queries.count < Self.queryLimit else { return }
                let id = StunTransactionID(using: &random)
                let request = StunMessage(.request, transactionID: id).bytes(key: nil)
                queries.append(
                    Query(
                        path: IcePath(local: base, remote: server),
                        transaction: StunTransaction(id: id, bytes: request, timing: timing, now: now)))
            }
        }
    }

    var isDone: Bool { queries.allSatisfy(\.isDone) }

    var nextDeadline: MonotonicTime? { queries.lazy.filter { !$0.isDone }.map(\.transaction.deadline).min() }

    /// The requests that are due.
    mutating func tick(now: MonotonicTime) -> [(bytes: [UInt8], path: IcePath)] {
        var requests: [(bytes: [UInt8], path: IcePath)] = []
        for index in queries.indices where !queries[index].isDone {
            switch queries[index].transaction.step(now: now) {
            case .wait: continue
            case .transmit: requests.append((queries[index].transaction.bytes, queries[index].path))
            case .timedOut: queries[index].isDone = true
            }
        }
        return requests
    }

    /// Takes a response that may be to one of our questions. Answers nil if it is not; otherwise what it says, if it says anything.
    mutating func handle(_ response: StunMessage, path: IcePath) -> (base: TransportAddress, mapped: TransportAddress?)? {
        let open = queries.firstIndex { !$0.isDone && $0.transaction.id == response.transactionID && $0.path == path }
        guard let index = open else { return nil }
        queries[index].isDone = true
        guard response.messageClass == .success, response.unknownRequired.isEmpty else { return (path.local, nil) }
        return (path.local, response.mappedAddress)
    }
}

extension StunMessage {
    /// XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of a server that knows no other.
    var mappedAddress: TransportAddress? {
        var plain: TransportAddress?
        for attribute in attributes {
            if case .xorMappedAddress(let address) = attribute { return address }
            if case .mappedAddress(let address) = attribute { plain = address }
        }
        return plain
    }
}
