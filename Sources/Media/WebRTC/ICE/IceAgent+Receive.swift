/// Checks of the other side and answers to ours (RFC 8445 §7).
extension IceAgent {
    /// Takes a datagram that `StunMessage.isPlausible`. What is not for this agent, or not authentic, changes nothing.
    mutating func handle(
        _ datagram: ArraySlice<UInt8>, from source: TransportAddress, to destination: TransportAddress, now: MonotonicTime
    ) -> [Action] {
        guard state != .failed, let message = try? StunMessage(datagram), message.method == StunMessage.binding else { return [] }
        let path = IcePath(local: destination, remote: source)
        switch message.messageClass {
        case .request: return handle(request: message, datagram, path: path, now: now)
        case .success, .failure: return handle(response: message, datagram, path: path, now: now)
        // A keepalive (RFC 8445 §11): wanted by translators, not by us.
        case .indication: return []
        }
    }

    // MARK: Requests (§7.3)

    private mutating func handle(
        request: StunMessage, _ datagram: ArraySlice<UInt8>, path: IcePath, now: MonotonicTime
    ) -> [Action] {
        let check = IceCheckAttributes(request)
        guard let name = check.username, let credentials = credentials(named: name) else {
            // Whose check this is nobody can say: the node's port serves many sessions.
            return []
        }
        // RFC 8489 §9.1.3.
        guard StunIntegrity.isPresent(in: datagram) else { return [refuse(request, 400, "Bad Request", key: nil, path: path)] }
        guard StunIntegrity.isRight(in: datagram, key: credentials.key) else {
            return [refuse(request, 401, "Unauthorized", key: nil, path: path)]
        }
        guard request.unknownRequired.isEmpty else {
            return [refuse(request, 420, "Unknown Attribute", extra: [.unknownAttributes(request.unknownRequired)], key: credentials.key, path: path)]
        }
        if let theirs = check.role, theirs == role {
            // Two of a role (§7.3.1.1): the larger tie-breaker controls.
            let weWin = tieBreaker >= check.tieBreaker
            if weWin == (role == .controlling) {
                return [refuse(request, 487, "Role Conflict", key: credentials.key, path: path)]
            }
            take(role: role.other)
        }
        let response = StunMessage(.success, transactionID: request.transactionID, attributes: [.xorMappedAddress(path.remote)])
        var actions: [Action] = [.transmit(response.bytes(key: credentials.key), path: path)]
        // A check of the generation before a restart is answered, and tells nothing about the new one.
        guard credentials == local else { return actions }
        guard let host = addHost(path.local), let theirs = addPeerReflexive(path.remote, priority: check.priority ?? 0) else { return actions }
        if checklist.index(of: path) == nil {
            checklist.insert(CandidatePair(local: host, remote: theirs, role: role, state: .waiting))
        }
        guard let index = checklist.index(of: path) else { return actions }
        actions += checked(index, nominates: check.useCandidate && role == .controlled, now: now)
        return actions
    }

    /// The other side checked a pair, and perhaps nominated it (§7.3.1.4, §7.3.1.5).
    private mutating func checked(_ index: Int, nominates: Bool, now: MonotonicTime) -> [Action] {
        if nominates { checklist[index].nominated = now }
        checklist[index].wasChecked = true
        if !sendsChecks, role == .controlled {
            // Like a lite agent (§7.3.2): its check came, our answer will go the same way.
            checklist[index].state = .succeeded
            // A sender's address is easily forged, and the handshake may have come another way: before anything flows to an address, whoever
            // is there must answer (RFC 7675 §5.1).
            if checklist[index].isProven { return nominates ? follow(index, now: now) : [] }
            askAgain(index, now: now)
            return []
        }
        switch checklist[index].state {
        case .succeeded:
            return nominates ? follow(index, now: now) : []
        case .inProgress:
            checklist[index].check?.hasten(now: now)
        case .frozen, .waiting, .failed:
            checklist[index].state = .waiting
            checklist.trigger(checklist[index].path)
        }
        return []
    }

    /// Whoever is there shall answer, and soon.
    private mutating func askAgain(_ index: Int, now: MonotonicTime) {
        if checklist[index].check == nil { checklist.trigger(checklist[index].path) } else { checklist[index].check?.hasten(now: now) }
    }

    /// The controlling side nominated a pair that works.
    private mutating func follow(_ index: Int, now: MonotonicTime) -> [Action] {
        let pair = checklist[index]
        guard pair.path != selected else { return connected(now: now) }
        // It was answered long ago: somebody else may have that address now (RFC 7675 §5.1).
        if let proven = pair.proven, now - proven >= settings.consentInterval {
            askAgain(index, now: now)
            return []
        }
        // A selected path that is not of this generation gives way at once.
        if let selected, state == .connected, let current = checklist.index(of: selected), checklist[current].priority > pair.priority,
            let nominated = checklist[current].nominated, now - nominated < settings.renominationDelay {
            return []
        }
        return select(pair.path, now: now)
    }

    func credentials(named username: String) -> IceCredentials? {
        for credentials in [local, previousLocal] {
            if let credentials, username.hasPrefix(credentials.usernameFragment + ":") { return credentials }
        }
        return nil
    }

    private func refuse(
        _ request: StunMessage, _ code: Int, _ reason: String, extra: [StunAttribute] = [], key: [UInt8]?, path: IcePath
    ) -> Action {
        let response = StunMessage(.failure, transactionID: request.transactionID, attributes: [.errorCode(code, reason: reason)] + extra)
        return .transmit(response.bytes(key: key), path: path)
    }

    // MARK: Responses (§7.2.5)

    private mutating func handle(
        response: StunMessage, _ datagram: ArraySlice<UInt8>, path: IcePath, now: MonotonicTime
    ) -> [Action] {
        if let (base, mapped) = gathering.handle(response, path: path) { return addServerReflexive(mapped, base: base) }
        guard let remote, StunIntegrity.isRight(in: datagram, key: remote.key), response.unknownRequired.isEmpty else { return [] }
        // Answers must come from where the check went (§7.2.5.2.1).
        if path == selected, response.messageClass == .success, consent?.answered(response.transactionID, now: now) == true {
            if let index = checklist.index(of: path) { checklist[index].proven = now }
            return []
        }
        guard let index = checklist.index(ofCheck: response.transactionID) else { return [] }
        guard checklist[index].path == path else {
            checkFailed(index, now: now)
            return []
        }
        guard response.messageClass == .success else {
            checkFailed(index, code: response.errorCode, now: now)
            return []
        }
        checklist[index].check = nil
        return checkSucceeded(index, now: now)
    }

    mutating func checkFailed(_ index: Int, code: Int? = nil, now: MonotonicTime) {
        // The nomination is lost with its check: another pair gets it, if one works.
        if checklist[index].checkNominates, state != .connected { nomination = now }
        checklist[index].check = nil
        checklist[index].checkNominates = false
        checklist[index].state = .failed
        guard code == 487 else { return }
        // The other side keeps the role that this check claimed (§7.2.5.1).
        checklist[index].state = .waiting
        checklist.trigger(checklist[index].path)
        take(role: role.other)
    }

    private mutating func checkSucceeded(_ index: Int, now: MonotonicTime) -> [Action] {
        let nominates = checklist[index].checkNominates
        checklist[index].checkNominates = false
        checklist[index].state = .succeeded
        checklist[index].proven = now
        checklist.unfreeze(checklist[index].foundation)
        if checklist[index].path == selected { consent?.prove(now: now) }
        if role == .controlled {
            // Meanwhile the other side may have nominated another one.
            let newest = selected.flatMap { checklist.index(of: $0) }.flatMap { checklist[$0].nominated }
            guard let nominated = checklist[index].nominated, newest.map({ $0 <= nominated }) ?? true else { return [] }
            return follow(index, now: now)
        }
        if nominates {
            checklist[index].nominated = now
            return select(checklist[index].path, now: now)
        }
        if state != .connected, nomination == nil { nomination = now + settings.nominationDelay }
        return []
    }

    // MARK: Selection

    mutating func select(_ path: IcePath, now: MonotonicTime) -> [Action] {
        let isNew = selected != path
        selected = path
        let proven = checklist.index(of: path).flatMap { checklist[$0].proven }
        consent = ConsentFreshness(interval: settings.consentInterval, expiry: settings.consentExpiry, lastProof: proven ?? now)
        return connected(now: now) + (isNew ? [.selected(path)] : [])
    }

    private mutating func connected(now: MonotonicTime) -> [Action] {
        state = .connected
        hasConnected = true
        connectDeadline = nil
        nomination = nil
        previousLocal = nil
        return []
    }
}

/// What a check says besides its number.
struct IceCheckAttributes: Sendable {
    var username: String?
    var priority: UInt32?
    var useCandidate = false
    var role: IceRole?
    var tieBreaker: UInt64 = 0

    init(_ request: StunMessage) {
        for attribute in request.attributes {
            switch attribute {
            case .username(let name): username = name
            case .priority(let value): priority = value
            case .useCandidate: useCandidate = true
            case .iceControlled(let value): (role, tieBreaker) = (.controlled, value)
            case .iceControlling(let value): (role, tieBreaker) = (.controlling, value)
            default: continue
            }
        }
    }
}

extension StunMessage {
    var errorCode: Int? {
        for attribute in attributes { if case .errorCode(let code, _) = attribute { return code } }
        return nil
    }

    /// The fragment of whoever a check is for: of one port with many sessions, the one that must have it (RFC 8445 §7.2.2).
    var addressedFragment: String? {
        guard messageClass == .request, let name = IceCheckAttributes(self).username, let colon = name.firstIndex(of: ":") else { return nil }
        return String(name[..<colon])
    }
}
