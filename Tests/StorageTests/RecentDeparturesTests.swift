import Testing

@testable import Storage

@Suite struct RecentDeparturesTests {
    private let began = ContinuousClock.now

    @Test func theNewestCount() {
        var recent = RecentDepartures()
        #expect(recent.summary == nil)
        recent.add([.seconds(3)])
        #expect(recent.summary == .init(fragments: 1, p50: .seconds(3), p99: .seconds(3)))
        recent.add((1...100).map { .milliseconds($0) })
        #expect(recent.summary?.p99 == .milliseconds(100), "one of 101 is slower")
        recent.add(Array(repeating: .milliseconds(5), count: RecentDepartures.limit))
        #expect(recent.summary == .init(fragments: RecentDepartures.limit, p50: .milliseconds(5), p99: .milliseconds(5)), "memory is bounded")
    }

    /// A fragment is safe once the first has it, be that a target or a peer.
    @Test func theFirstWhoHasItCounts() throws {
        var plan = SpoolPlan(capacityBytes: 10_000, settle: .seconds(60), targets: [0, 1])
        let clip = ClipID(node: String(repeating: "a", count: 32), boot: 1, counter: 1)
        plan.open(clip, path: ClipPath(folder: "porch", start: .init(timeIntervalSince1970: 1), event: "e"), manifest: [1])
        let fragment = [UInt8](repeating: 7, count: 100)
        _ = plan.append([fragment], to: clip, beginsWithKeyFrame: true, now: began)
        _ = plan.append([fragment], to: clip, beginsWithKeyFrame: false, now: began + .milliseconds(500))
        #expect(plan.left(clip, [fragment], from: 0, now: began + .milliseconds(20)) == [.milliseconds(20)])
        #expect(plan.left(clip, [fragment, fragment], from: 0, now: began + .seconds(2)) == [.milliseconds(1500)], "only the second one")
        #expect(plan.left(clip, [fragment, fragment], from: 0, now: began + .seconds(3)) == [], "the other target")
    }
}
