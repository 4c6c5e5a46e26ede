@testable import Media

/// Agents on a network that delays, loses, doubles and reorders by a seed, in virtual time. Some agents stand behind translators.
struct IceNetwork {
    struct Conditions {
        var loss = 0.0
        var delay: ClosedRange<Double> = 0.010...0.010
        var duplicates = 0.0
    }

    /// A translator: one outside port for each inside address whatever the target (RFC 4787: endpoint-independent mapping), and it lets in
    /// only what comes from where something was sent (address and port-dependent filtering).
    struct Translator {
        var outside: String
        var mapped: [TransportAddress: UInt16] = [:]
        var allowed: Set<IcePath> = []
    }

    private struct Flight {
        var arrives: Double
        var order: Int
        var bytes: [UInt8]
        var from: TransportAddress
        var to: TransportAddress
    }

    var agents: [IceAgent] = []
    /// The translator in front of an agent, by the agent's place.
    var translators: [Int: Translator] = [:]
    /// A STUN server that tells everybody how it sees them.
    var stunServer: TransportAddress?
    var conditions = Conditions()
    /// Whether a datagram may pass, by sender's place and time.
    var passes: (Int, Double) -> Bool = { _, _ in true }
    private(set) var time = 0.0
    private(set) var selected: [Int: [(path: IcePath, time: Double)]] = [:]
    private(set) var failures: [Int: (failure: IceAgent.Failure, time: Double)] = [:]
    private(set) var datagrams = 0
    /// Candidates found while gathering reach the other side after a moment.
    private var trickled: [(arrives: Double, agent: Int, candidate: IceCandidate)] = []
    private var flights: [Flight] = []
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(state: seed)
    }

    mutating func run(until end: Double, stop: (IceNetwork) -> Bool = { _ in false }) {
        while time <= end, !stop(self) {
            for index in agents.indices { perform(agents[index].tick(now: at(time)), by: index) }
            deliver()
            time = min(end + 0.000_001, nextTime)
        }
        time = end
    }

    private var nextTime: Double {
        var next = time + 60
        for agent in agents { if let deadline = agent.nextDeadline { next = min(next, max(time, (deadline - at(0)).inSeconds)) } }
        for flight in flights { next = min(next, flight.arrives) }
        for candidate in trickled { next = min(next, candidate.arrives) }
        // A deadline of now was just served; the smallest step keeps time moving.
        return max(next, time + 0.000_1)
    }

    mutating func perform(_ actions: [IceAgent.Action], by index: Int) {
        for action in actions {
            switch action {
            case .transmit(let bytes, let path): send(bytes, from: path.local, to: path.remote, by: index)
            case .candidate(let candidate): trickled.append((time + 0.05, index == 0 ? 1 : 0, candidate))
            case .gatheringDone: continue
            case .selected(let path): selected[index, default: []].append((path, time))
            case .failed(let failure): failures[index] = (failure, time)
            }
        }
    }

    private mutating func send(_ bytes: [UInt8], from inside: TransportAddress, to target: TransportAddress, by index: Int) {
        datagrams += 1
        var from = inside
        if var translator = translators[index] {
            let port = translator.mapped[inside] ?? UInt16(40_000 + index * 1000 + translator.mapped.count)
            translator.mapped[inside] = port
            from = TransportAddress(translator.outside, port: port)!
            translator.allowed.insert(IcePath(local: from, remote: target))
            translators[index] = translator
        }
        guard passes(index, time) else { return }
        for _ in 0..<(Double.random(in: 0..<1, using: &generator) < conditions.duplicates ? 2 : 1) {
            if Double.random(in: 0..<1, using: &generator) < conditions.loss { continue }
            let delay = Double.random(in: conditions.delay, using: &generator)
            flights.append(Flight(arrives: time + delay, order: datagrams, bytes: bytes, from: from, to: target))
        }
    }

    private mutating func deliver() {
        for candidate in trickled where candidate.arrives <= time { agents[candidate.agent].add(candidate.candidate) }
        trickled.removeAll { $0.arrives <= time }
        let due = flights.filter { $0.arrives <= time }.sorted { ($0.arrives, $0.order) < ($1.arrives, $1.order) }
        flights.removeAll { $0.arrives <= time }
        for flight in due { arrive(flight) }
    }

    private mutating func arrive(_ flight: Flight) {
        if flight.to == stunServer, let request = try? StunMessage(flight.bytes[...]) {
            let response = StunMessage(.success, transactionID: request.transactionID, attributes: [.xorMappedAddress(flight.from)])
            flights.append(
                Flight(arrives: flight.arrives + 0.01, order: flight.order, bytes: response.bytes(key: nil), from: flight.to, to: flight.from))
            return
        }
        for index in agents.indices {
            if let translator = translators[index] {
                guard translator.outside == flight.to.host, translator.allowed.contains(IcePath(local: flight.to, remote: flight.from)),
                    let inside = translator.mapped.first(where: { $0.value == flight.to.port })?.key
                else { continue }
                perform(agents[index].handle(flight.bytes[...], from: flight.from, to: inside, now: at(time)), by: index)
            } else if agents[index].localCandidates.contains(where: { $0.kind == .host && $0.address == flight.to }) {
                perform(agents[index].handle(flight.bytes[...], from: flight.from, to: flight.to, now: at(time)), by: index)
            }
        }
    }
}
