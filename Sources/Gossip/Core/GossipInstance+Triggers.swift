import Foundation

extension GossipInstance {
    /// Tells everybody who is there, and goes on until all members have it, those too that seem to be away: only who said goodbye is not
    /// waited for.
    package mutating func trigger(_ draft: TriggerDraft, now: ContinuousClock.Instant) -> (id: EventID, actions: [Action]) {
        eventCounter += 1
        let event = EventID(origin: id, boot: boot, counter: eventCounter)
        var draft = draft
        draft.group = draft.group.cut(toUTF8: TriggerDraft.nameLimit)
        draft.kind = draft.kind.cut(toUTF8: TriggerDraft.nameLimit)
        draft.camera = draft.camera.cut(toUTF8: TriggerDraft.nameLimit)
        draft.label = draft.label?.cut(toUTF8: TriggerDraft.labelLimit)
        // Nobody is in the group without a name: such an event has an id, and stays here.
        let peers = draft.group.isEmpty ? [] : membership.standings.filter { $0.value.status != .left }.map(\.key)
        let outgoing = TriggerDelivery.Outgoing(
            id: event, incident: draft.incident ?? event, draft: draft, occurred: now - max(.zero, draft.age), began: now,
            waiting: Set(peers))
        triggers.begin(outgoing)
        return (event, transmit(outgoing, now: now))
    }

    mutating func tickTriggers(now: ContinuousClock.Instant) -> [Action] {
        guard let due = triggers.nextDeadline, due <= now else { return [] }
        let left = membership.standings.filter { $0.value.status == .left }.map(\.key)
        let (resend, recordChanged) = triggers.tick(now: now, left: Set(left))
        var actions = (resend + triggers.takeLateResends(now: now)).flatMap { transmit($0, now: now) }
        for origin in triggers.takeRereads(now: now) {
            if let record = state.record(origin, .events) { actions += deliverLate(record, from: origin, now: now) }
        }
        guard recordChanged else { return actions }
        let lost = triggers.takeGivenUp()
        if lost > 0 {
            let why = "more than \(TriggerDelivery.lateLimit) wait"
            actions.append(.log(.warning, "\(lost) triggers for absent nodes were given up: \(why)", peer: nil))
        }
        actions += publishLate(now: now)
        return actions
    }

    /// A record that fits a packet travels at once, a larger one by TLS: labels, which nothing depends on, give way.
    mutating func publishLate(now: ContinuousClock.Instant) -> [Action] {
        // 64 triggers of at most 450 bytes: always less than others take (``SignedState/recordLimit``).
        func record(withLabels: Bool) -> WireEventsRecord {
            var record = WireEventsRecord()
            record.triggers = triggers.late.map { Data(body(of: $0.trigger, withLabel: withLabels, now: now)) }
            return record
        }
        let full = record(withLabels: true).wireBytes
        guard full.count > Self.lateRecordSpace else { return publish(.events, full, now: now) }
        let short = record(withLabels: false).wireBytes
        return publish(.events, short.count > Self.lateRecordSpace ? full : short, now: now)
    }

    /// What a packet holds of a record, less its signature, signer, version and age.
    private static let lateRecordSpace = PacketCodec.frameSpace - 160

    private mutating func transmit(_ trigger: TriggerDelivery.Outgoing, now: ContinuousClock.Instant) -> [Action] {
        let body = body(of: trigger, now: now)
        let signed = WireSigned(body: body, signature: crypto.sign(body, domain: .trigger), signer: id.bytes)
        let frame = Frame(kind: .trigger, body: signed.wireBytes)
        return trigger.waiting.filter { membership.isPresent($0) }.sorted().flatMap { peer in
            // Whoever did not answer three times may have another address by now.
            trigger.resends < 2 ? send([frame], to: peer, now: now, news: .none) : sendEverywhere([frame], to: peer, now: now)
        }
    }

    private func body(of trigger: TriggerDelivery.Outgoing, withLabel: Bool = true, now: ContinuousClock.Instant) -> [UInt8] {
        var wire = WireTrigger()
        wire.id = Data(trigger.id.bytes)
        wire.incident = Data(trigger.incident.bytes)
        wire.group = trigger.draft.group
        wire.kind = trigger.draft.kind
        wire.label = withLabel ? trigger.draft.label ?? "" : ""
        wire.camera = trigger.draft.camera
        wire.ageMs = UInt32(clamping: Int64(trigger.age(now: now) / .milliseconds(1)))
        return wire.wireBytes
    }

    /// A trigger from its origin. Acknowledged whether new or not; not when it comes too often, so that it comes again.
    mutating func accept(trigger signed: WireSigned, from peer: NodeID, now: ContinuousClock.Instant) -> [Action] {
        guard signed.node == peer, let wire = WireTrigger(untrusted: signed.body), let event = EventID(bytes: wire.id),
            event.isFrom(peer), let sender = roster.admission(of: peer)
        else {
            drops.count(.malformed)
            return []
        }
        // Before it is verified: the same one again and again is right each time.
        guard budgets[peer, default: VerificationBudget(now: now)].triggers.take(now: now) else {
            drops.count(.unheeded)
            return []
        }
        guard
            crypto.verify(
                Array(signed.signature), of: Array(signed.body), domain: .trigger, publicKey: sender.signPublicKey)
        else {
            drops.count(.forged)
            return []
        }
        let delivery = deliver(wire, event, from: peer, receivedAt: now, now: now)
        guard let admission = delivery.admission, admission != .tooMany else { return [] }
        var ack = WireTriggerAck()
        ack.id = wire.id
        return delivery.actions + send([Frame(kind: .triggerAck, body: ack.wireBytes)], to: peer, now: now, news: .none)
    }

    /// Triggers that reached us only by the events record. What comes too often is not lost: the record is read again, as long as it counts.
    mutating func deliverLate(_ record: SignedState.Record, from node: NodeID, now: ContinuousClock.Instant) -> [Action] {
        guard now - record.receivedAt < settings.triggerLifetime, let events = WireEventsRecord(untrusted: record.body) else { return [] }
        var actions: [Action] = []
        var refused = false
        for bytes in events.triggers.prefix(TriggerDelivery.lateLimit) {
            guard let wire = WireTrigger(untrusted: bytes), let event = EventID(bytes: wire.id), event.isFrom(node) else { continue }
            let delivery = deliver(wire, event, from: node, receivedAt: record.receivedAt, now: now)
            actions += delivery.actions
            if delivery.admission == .tooMany { refused = true }
        }
        if refused { triggers.reread(recordOf: node, now: now) }
        return actions
    }

    /// - Returns: no admission for what does not read.
    private mutating func deliver(
        _ wire: WireTrigger, _ event: EventID, from origin: NodeID, receivedAt: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) -> (admission: SeenTriggers.Admission?, actions: [Action]) {
        guard wire.group.utf8.count <= TriggerDraft.nameLimit, wire.kind.utf8.count <= TriggerDraft.nameLimit,
            wire.camera.utf8.count <= TriggerDraft.nameLimit, wire.label.utf8.count <= TriggerDraft.labelLimit,
            let incident = EventID(bytes: wire.incident)
        else {
            drops.count(.malformed)
            return (nil, [])
        }
        let occurred = receivedAt - .milliseconds(Int64(wire.ageMs))
        let admission = triggers.admit(event, from: origin, occurred: occurred, now: now)
        switch admission {
        case .new, .corrected: break
        case .duplicate, .tooMany: return (admission, [])
        case .outdated:
            drops.count(.outdated)
            return (admission, [])
        }
        let trigger = GroupTrigger(
            id: event, incident: incident, origin: origin, camera: wire.camera, group: wire.group, kind: wire.kind,
            label: wire.label.isEmpty ? nil : wire.label, occurred: occurred)
        return (admission, [.deliver(trigger)])
    }
}
