import Testing

@testable import MeshCam

@Suite struct MergedClipsTests {
    private func clip(_ state: ClipState, seconds: Double, by holder: String) -> ClipResource {
        var clip = Samples.clip()
        (clip.state, clip.durationSeconds, clip.holders) = (state, seconds, [holder])
        return clip
    }

    /// Whoever comes first, and whatever others say.
    @Test func aClipIsAsItsOwnNodeTellsIt() {
        let (own, kept) = (clip(.recording, seconds: 5, by: "pi-porch"), clip(.stored, seconds: 500, by: "pi-yard"))
        for isFirst in [true, false] {
            var merged = MergedClips()
            if isFirst { merged.add([own], toldBy: own.node) }
            merged.add([kept], toldBy: "another")
            if !isFirst { merged.add([own], toldBy: own.node) }
            #expect(merged.clips.count == 1 && merged.clips[0].state == .recording && merged.clips[0].durationSeconds == 5)
            #expect(merged.clips[0].holders == ["pi-porch", "pi-yard"])
        }
    }

    @Test func whereItsNodeIsSilentWhoHasMostOfItCounts() {
        var merged = MergedClips()
        merged.add([clip(.interrupted, seconds: 5, by: "pi-yard")], toldBy: "another")
        merged.add([clip(.interrupted, seconds: 4, by: "nas")], toldBy: nil)
        merged.add([clip(.interrupted, seconds: 9, by: "pi-shed")], toldBy: "a third")
        #expect(merged.clips.map(\.durationSeconds) == [9] && Set(merged.clips[0].holders) == ["pi-yard", "nas", "pi-shed"])
    }

    /// A keeper has it until the storage has shown it again; that it is stored is told before.
    @Test func whatAStorageHasIsStored() {
        let (stored, kept) = (clip(.stored, seconds: 5, by: "nas"), clip(.replicated, seconds: 5, by: "pi-yard"))
        for all in [[stored, kept], [kept, stored]] {
            var merged = MergedClips()
            for one in all { merged.add([one], toldBy: one == stored ? nil : "another") }
            #expect(merged.clips.map(\.state) == [.stored] && Set(merged.clips[0].holders) == ["nas", "pi-yard"])
        }
    }
}
