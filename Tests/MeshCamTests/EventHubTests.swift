import Foundation
import Testing

@testable import MeshCam

@Suite struct EventHubTests {
    private struct Note: Codable { let n: Int }

    private func collect(_ stream: AsyncStream<EventHub.Event>, _ count: Int) async -> [String] {
        var names: [String] = []
        for await event in stream {
            names.append("\(event.name.rawValue):\(String(decoding: event.data, as: UTF8.self))")
            if names.count == count { break }
        }
        return names
    }

    @Test func aPageGoesOnWhereItWas() async throws {
        let hub = EventHub(epoch: "ab1")
        for n in 1...5 { hub.publish(.camera, Note(n: n)) }
        #expect(await collect(hub.listen(after: "ab1-3", localOnly: false), 2) == [#"camera:{"n":4}"#, #"camera:{"n":5}"#])
    }

    @Test(arguments: ["ab2-3", "ab1-99", "nonsense", ""])
    func whatCannotBeResumedIsToldSo(id: String) async {
        let hub = EventHub(epoch: "ab1")
        hub.publish(.camera, Note(n: 1))
        #expect(await collect(hub.listen(after: id, localOnly: false), 1) == ["resync:{}"])
    }

    @Test func whatFellOutOfTheRingIsToldSo() async {
        let hub = EventHub(epoch: "e")
        for n in 0...EventHub.kept { hub.publish(.camera, Note(n: n)) }
        #expect(await collect(hub.listen(after: "e-0", localOnly: false), 1) == ["resync:{}"])
        #expect(await collect(hub.listen(after: "e-1", localOnly: false), 1) == [#"camera:{"n":1}"#])
    }

    @Test func peersHearOnlyWhatHappensHere() async {
        let hub = EventHub(epoch: "e")
        let peer = hub.listen(after: nil, localOnly: true)
        #expect(!hub.hasMeshListeners)
        let page = hub.listen(after: nil, localOnly: false)
        #expect(hub.hasMeshListeners)
        hub.publish(.clip, Note(n: 1), isLocal: false)
        hub.publish(.clip, Note(n: 2))
        #expect(await collect(page, 2) == [#"clip:{"n":1}"#, #"clip:{"n":2}"#])
        #expect(await collect(peer, 1) == [#"clip:{"n":2}"#])
    }

    @Test func aListenerThatDoesNotReadIsLetGo() async {
        let hub = EventHub(epoch: "e")
        let sleeper = hub.listen(after: nil, localOnly: false)
        for n in 0..<(EventHub.kept + EventHub.pending + 1) { hub.publish(.camera, Note(n: n)) }
        #expect(!hub.hasMeshListeners)
        var count = 0
        for await _ in sleeper { count += 1 }
        #expect(count == EventHub.kept + EventHub.pending, "what was buffered is delivered, then the stream ends")
    }

    @Test func whatIsWrittenReadsBack() throws {
        let hub = EventHub(epoch: "e7")
        hub.publish(.node, Note(n: 3))
        let event = EventHub.Event(number: 12, name: .node, data: Data(#"{"n":3}"#.utf8), isLocal: true)
        var parser = EventStreamParser()
        #expect(parser.consume(Array(hub.text(event).utf8)) == [ServerSentEvent(name: "node", data: #"{"n":3}"#, id: "e7-12")])
    }
}
