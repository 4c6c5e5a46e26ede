/// What others may read of the mesh.
extension GossipInstance {
    /// Everything, made anew: costs with every member.
    package func view(now: ContinuousClock.Instant) -> MeshView {
        MeshView(
            meshID: roster.meshID, members: roster.members.map { member($0, now: now) }, roster: roster, config: config.values,
            groups: config.groupFacts?.groups, refusedPackets: refusedPackets, peerTime: peerClocks.time(now: now))
    }

    /// Makes anew what these changes name: in a large mesh something changes often, and hardly ever more than one member. What changes
    /// without being told, as when somebody was heard last, is as old as the last ``view(now:)``.
    package func update(_ view: inout MeshView, after changes: [MeshChange], now: ContinuousClock.Instant) {
        var members: Set<NodeID> = []
        var isConfigOld = false
        for change in changes {
            switch change {
            case .member(let node, _), .record(let node, _): members.insert(node)
            case .config: isConfigOld = true
            case .roster, .resync:
                view = self.view(now: now)
                return
            }
        }
        for node in members {
            guard let admission = roster.admission(of: node) else { continue }
            let place = view.members.place(of: node) { $0.id }
            guard place < view.members.count, view.members[place].id == node else { continue }
            view.members[place] = member(admission, now: now)
        }
        if isConfigOld {
            view.config = config.values
            view.groups = config.groupFacts?.groups
        }
        view.refusedPackets = refusedPackets
    }

    private var refusedPackets: [String: Int] { Dictionary(uniqueKeysWithValues: drops.total.map { ($0.key.rawValue, $0.value) }) }

    private func member(_ admission: Admission, now: ContinuousClock.Instant) -> Member {
        let node = admission.id
        let standing = membership.standing(of: node) ?? .unknown
        let link = links[node]
        return Member(
            id: node, name: name(of: node), status: standing.status, isSelf: node == id,
            incarnation: standing.incarnation.description, addresses: link?.addresses ?? [], node: nodeRecord(of: node),
            certificateDER: certificate(of: node), lastHeard: node == id ? now : link?.lastHeard, records: state.records(of: node))
    }
}
