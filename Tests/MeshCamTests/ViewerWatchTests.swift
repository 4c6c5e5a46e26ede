import Gossip
import Media
import Testing

@testable import MeshCam

/// By what right somebody goes on watching.
@Suite struct ViewerWatchTests {
    private let began = ContinuousClock.now
    private let id = ViewerID(String(repeating: "a", count: 32))!
    private let other = ViewerID(String(repeating: "b", count: 32))!
    private let peer = NodeID(bytes: [UInt8](repeating: 7, count: 16))!
    private let proof = Proof.session([UInt8](repeating: 1, count: 32))

    private func viewer(peer: NodeID? = nil, proof: Proof? = nil) -> ViewerWatch.Viewer {
        ViewerWatch.Viewer(camera: "porch", peer: peer, proof: proof, since: began)
    }

    private func judge(members: Set<NodeID> = [], rights: Rights? = nil) -> ViewerWatch.Judge {
        ViewerWatch.Judge(isMember: { members.contains($0) }, rights: { _ in rights })
    }

    @Test func aRightThatEndsEndsTheSession() {
        var viewers = [id: viewer(proof: proof)]
        let porch = Rights(role: .viewer, cameras: ["porch"])
        #expect(ViewerWatch.look(&viewers, judge(rights: porch), now: began).isEmpty)
        #expect(ViewerWatch.look(&viewers, judge(rights: Rights(role: .viewer, cameras: ["garage"])), now: began + .seconds(1)) == [id])
        #expect(ViewerWatch.look(&viewers, judge(), now: began + .seconds(1)) == [id])
    }

    /// The news of a sign-in elsewhere may come after the viewer.
    @Test func aRightThatIsNotKnownYetHasPatience() {
        var viewers = [id: viewer(proof: proof)]
        #expect(ViewerWatch.look(&viewers, judge(), now: began + ViewerWatch.patience).isEmpty)
        #expect(ViewerWatch.look(&viewers, judge(), now: began + ViewerWatch.patience + .seconds(1)) == [id])
    }

    @Test func whoCameThroughAMemberThatIsNoneGoes() {
        var viewers = [id: viewer(peer: peer, proof: proof), other: viewer(peer: peer)]
        #expect(ViewerWatch.look(&viewers, judge(members: [peer], rights: .everything), now: began).isEmpty)
        #expect(Set(ViewerWatch.look(&viewers, judge(rights: .everything), now: began)) == [id, other])
    }

    @Test func whatHasAnEndEnds() {
        var viewers = [id: ViewerWatch.Viewer(camera: "porch", peer: nil, proof: nil, since: began, until: began + .seconds(60))]
        #expect(ViewerWatch.look(&viewers, judge(), now: began + .seconds(59)).isEmpty)
        #expect(ViewerWatch.look(&viewers, judge(), now: began + .seconds(60)) == [id])
    }

    /// However many come and go, those that go are forgotten, and those that stay are not.
    @Test func whatIsOverIsForgotten() async {
        let watch = ViewerWatch()
        let late = ViewerID(String(repeating: "c", count: 32))!
        for one in [id, other] { watch.watch(one, camera: "porch", peer: nil, proof: proof, wasSeen: true) }
        await watch.forgetEnded {
            // Younger than the server's answer.
            watch.watch(late, camera: "porch", peer: nil, proof: proof, wasSeen: true)
            return [id]
        }
        #expect(watch.count == 2 && watch.count(of: proof) == 2)
        await watch.forgetEnded { [id] }
        #expect(watch.count == 1)
    }

    @Test func proofsTravelAsText() {
        for proof in [Proof.session([UInt8](0..<32)), .token([UInt8](repeating: 255, count: 32))] { #expect(Proof(proof.text) == proof) }
        for wrong in ["", "session", "session 00", "user " + String(repeating: "00", count: 32), "session " + String(repeating: "0g", count: 32)] {
            #expect(Proof(wrong) == nil)
        }
    }
}
