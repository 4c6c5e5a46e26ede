import Gossip

/// Brings a schedule's faults upon a mesh.
package struct FaultInjector: Sendable {
    private let schedule: FaultSchedule
    private var active: Set<Int> = []
    /// By fault: the box with the same keys.
    private var clones: [Int: Int] = [:]
    private var liars: [Int: Liar] = [:]
    private var intruders: [Int: Intruder] = [:]
    /// By fault: the box of somebody who was never admitted.
    private var strangers: [Int: Int] = [:]
    private var rng: Randomness
    private var nextAddress = 0
    private let members: Int

    package init(_ schedule: FaultSchedule, seed: UInt64, members: Int) {
        self.schedule = schedule
        self.members = members
        rng = .of("what faults do", seed: seed)
    }

    /// Plans beginnings and ends: fault n's are 2n and 2n + 1.
    package func plan(in mesh: inout SimulatedMesh) {
        for (index, fault) in schedule.faults.enumerated() {
            mesh.plan(2 * index, at: fault.from)
            mesh.plan(2 * index + 1, at: fault.until)
        }
    }

    /// When a liar or an intruder wants to speak next.
    package var nextLie: VirtualTime? { (liars.values.map(\.nextAt) + intruders.values.map(\.nextAt)).min() }

    package mutating func lie(in mesh: inout SimulatedMesh) {
        for index in liars.keys.sorted() { liars[index]?.speak(in: &mesh) }
        for index in intruders.keys.sorted() { intruders[index]?.speak(in: &mesh) }
    }

    /// A fault begins or ends.
    package mutating func handle(_ number: Int, in mesh: inout SimulatedMesh) {
        let (index, begins) = (number / 2, number.isMultiple(of: 2))
        guard schedule.faults.indices.contains(index) else { return }
        let fault = schedule.faults[index]
        if begins { active.insert(index) } else { active.remove(index) }
        mesh.trace.note(.fault, at: mesh.time, node: fault.node ?? -1, text: "\(begins ? "begins" : "ends"): \(fault.kind)")
        switch fault.kind {
        case .loss, .duplicates, .reordering, .slowness, .oneWay, .partition, .noUDP, .noTLS, .noMulticast:
            setNetwork(of: &mesh)
        case .newAddress(let node, let former, let noticed):
            guard begins else { return }
            nextAddress += 1
            let host = SimulatedNetwork.host(of: 10_000 + nextAddress)
            guard let former else { return mesh.move(node, to: host, noticed: noticed) }
            let reused = mesh.network.links[former][0].host
            mesh.move(former, to: host, noticed: noticed)
            mesh.move(node, to: reused, noticed: noticed)
        case .linkDown(let node, let link, let noticed):
            mesh.setLink(link, of: node, up: !begins, noticed: noticed)
        case .crash(let node):
            begins ? mesh.kill(node) : mesh.start(node)
        case .tornDisk(let node):
            if begins { mesh.kill(node) } else { mesh.tearDisk(node); mesh.start(node) }
        case .rollback(let node):
            if begins { mesh.kill(node) } else { mesh.rollBackDisk(node); mesh.start(node) }
        case .pause(let node):
            if begins { mesh.pause(node, for: fault.until - fault.from) }
        case .slowDisk(let node):
            mesh.setDisk(node, speed: begins ? .slow : .quick)
        case .failingDisk(let node):
            mesh.setDisk(node, failing: begins)
            let isOff = active.contains { schedule.faults[$0].isOutage && schedule.faults[$0].node == node }
            if !begins, !isOff { mesh.start(node) }
        case .clone(let node):
            if begins { clones[index] = mesh.clone(node) } else if let clone = clones[index] { mesh.kill(clone) }
        case .drift(let node, let perMille):
            mesh.setDrift(node, perMille: begins ? perMille : 1000)
        case .wallClock(let node, let year):
            mesh.setWallClock(node, origin: begins ? Int64(year - 1970) * 31_556_952 : 1_790_000_000)
        case .revoked(let node):
            if begins { revoke(node, in: &mesh) } else { mesh.kill(node) }
            intruders[index] = begins ? Intruder(seat(node, mesh.time)) : nil
        case .stranger:
            if begins {
                let stranger = mesh.addStranger()
                strangers[index] = stranger
                intruders[index] = Intruder(seat(stranger, mesh.time))
            } else {
                intruders[index] = nil
                if let stranger = strangers[index] { mesh.kill(stranger) }
            }
        case .liar(let node):
            if begins { addLiar(index, node, in: &mesh) } else { removeLiar(index, node, in: &mesh) }
        }
    }

    private mutating func addLiar(_ index: Int, _ node: Int, in mesh: inout SimulatedMesh) {
        liars[index] = Liar(seat(node, mesh.time))
        mesh.setLying(node, true)
    }

    private mutating func removeLiar(_ index: Int, _ node: Int, in mesh: inout SimulatedMesh) {
        liars[index] = nil
        mesh.setLying(node, false)
    }

    /// The first liar of the schedule lies again, after everything else is over: what is measured must hold with it too.
    package mutating func resumeLies(in mesh: inout SimulatedMesh) {
        for (index, fault) in schedule.faults.enumerated() {
            if case .liar(let node) = fault.kind { return addLiar(index, node, in: &mesh) }
        }
    }

    private mutating func seat(_ node: Int, _ time: VirtualTime) -> Attacker {
        Attacker(node, at: time, members: members, rng: .seeded(rng.next()))
    }

    /// What the network is like with all faults that are active.
    private func setNetwork(of mesh: inout SimulatedMesh) {
        var (loss, duplicates, late) = (mesh.time >= schedule.end ? schedule.loss : 0, 0, 0)
        var slowness = 1
        mesh.network.blocked = []
        mesh.network.withoutUDP = []
        mesh.network.withoutTLS = []
        mesh.network.multicast = true
        mesh.network.lateness = .zero
        for index in active.sorted() {
            switch schedule.faults[index].kind {
            case .loss(let percent): loss = max(loss, percent)
            case .duplicates(let percent): duplicates = max(duplicates, percent)
            case .reordering(let percent, let lateness):
                late = max(late, percent)
                mesh.network.lateness = max(mesh.network.lateness, lateness)
            case .slowness(let factor): slowness = max(slowness, factor)
            case .oneWay(let from, let to): mesh.network.blocked.insert(.init(from: from, to: to))
            case .partition(let side):
                for a in mesh.nodes.indices {
                    for b in mesh.nodes.indices where side.contains(a) != side.contains(b) { mesh.network.blocked.insert(.init(from: a, to: b)) }
                }
            case .noUDP(let node): mesh.network.withoutUDP.insert(node)
            case .noTLS(let node): mesh.network.withoutTLS.insert(node)
            case .noMulticast: mesh.network.multicast = false
            default: break
            }
        }
        mesh.network.loss = Double(loss) / 100
        mesh.network.duplicates = Double(duplicates) / 100
        mesh.network.late = Double(late) / 100
        mesh.network.delay = DelayDistribution(factor: slowness)
    }

    /// The owner tells one of the other nodes.
    private mutating func revoke(_ node: Int, in mesh: inout SimulatedMesh) {
        let record = mesh.keys.root.revoke(mesh.id(node), serial: 1000 + UInt64(node))
        let others = (0..<members).filter { $0 != node && mesh.nodes[$0].isRunning }
        guard !others.isEmpty else { return }
        mesh.act(rng.pick(others)) { $0.merge([record], now: $1) }
    }

    /// The faults stop; the network is what the schedule's end says.
    package mutating func end(in mesh: inout SimulatedMesh) {
        active = []
        for node in schedule.liars { mesh.setLying(node, false) }
        liars = [:]
        intruders = [:]
        setNetwork(of: &mesh)
        let honest = (0..<members).filter { !schedule.revoked.contains($0) }
        for index in honest where !mesh.nodes[index].isRunning { mesh.start(index) }
        // Whom nobody was there to be told of, or whose revocation was on damaged cards alone, the owner sees on every dashboard still.
        for node in schedule.revoked where honest.allSatisfy({ !mesh.nodes[$0].instance.roster.isRevoked(mesh.id(node)) }) {
            revoke(node, in: &mesh)
        }
    }
}
