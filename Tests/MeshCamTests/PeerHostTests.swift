import AsyncHTTPClient
import NIOCore
import Testing

@testable import MeshCam

@Suite struct PeerHostTests {
    @Test func asAURLHasItAndAsHostHasIt() {
        let hosts = ["10.0.0.7", "fd77::1", "fe80::1%eth0", "fe80::1%wl an"].map { PeerHost($0) }
        #expect(hosts.map(\.inURL) == ["10.0.0.7", "[fd77::1]", "[fe80::1%25eth0]", "[fe80::1%25wl%20an]"])
        #expect(hosts.map(\.name) == ["10.0.0.7", "[fd77::1]", "[fe80::1]", "[fe80::1]"])
    }

    /// A zone is this node's own: an address without one, or with somebody else's, leads nowhere.
    @Test func whatIsHeardGoesBeforeWhatIsTold() {
        let hosts = PeerHost.all(heard: ["fe80::1%eth0", "fe80::2", "10.0.0.7"], told: ["10.0.0.7", "FE80::3", "febf::3%eth0", "fd77::1"])
        #expect(hosts.map(\.inURL) == ["[fe80::1%25eth0]", "10.0.0.7", "[fd77::1]"])
        #expect(PeerHost.all(heard: (1...9).map { "10.0.0.\($0)" }, told: []).count == PeerHost.limit)
    }

    /// The client takes the zone for what it is, and does not ask a name server for it: on `lo` nobody listens there.
    @Test func theClientUnderstandsAZone() async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let url = "http://\(PeerHost("fe80::1%lo").inURL):9/"
        let error = await #expect(throws: (any Error).self) { try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(2)) }
        try await client.shutdown()
        let text = "\(String(describing: error))"
        #expect(!text.contains("invalidURL") && !text.contains("emptyHost") && !text.contains("dns"), "\(text)")
    }
}
