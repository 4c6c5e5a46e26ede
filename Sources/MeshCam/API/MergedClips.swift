/// The clips of several lists, each once, with everybody who holds it.
///
/// A clip is as its own node tells it; where that says nothing of it, as the one who has most of it does, a storage before a member's memory. So no
/// member can speak for another that answers itself.
struct MergedClips {
    private(set) var clips: [ClipResource] = []
    private var places: [String: Int] = [:]
    /// Those that their own node told.
    private var certain: Set<String> = []

    /// - Parameter teller: id of the node whose word it is; nil: this one read it from a target, or keeps it for its camera.
    mutating func add(_ told: [ClipResource], toldBy teller: String?) {
        for clip in told {
            guard let place = places[clip.id] else {
                places[clip.id] = clips.count
                clips.append(clip)
                if clip.node == teller { certain.insert(clip.id) }
                continue
            }
            let known = clips[place]
            let isBetter = !certain.contains(clip.id) && (clip.node == teller || clip.isMore(than: known))
            let (better, other) = isBetter ? (clip, known) : (known, clip)
            clips[place] = better
            clips[place].holders += other.holders.filter { !better.holders.contains($0) }
            if clip.node == teller { certain.insert(clip.id) }
        }
    }
}

extension ClipResource {
    fileprivate func isMore(than other: ClipResource) -> Bool {
        durationSeconds > other.durationSeconds || durationSeconds == other.durationSeconds && state == .stored && other.state == .replicated
    }
}
