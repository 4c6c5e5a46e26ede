import AsyncHTTPClient
import NIOSSL
import Testing

@testable import MeshCam

@Suite struct PeerErrorTests {
    @Test(arguments: [HTTPClientError.connectTimeout, .tlsHandshakeTimeout, .deadlineExceeded, .readTimeout])
    func silenceIsSilenceWhateverItInterrupts(error: HTTPClientError) {
        #expect(PeerError.words(for: error) == "no answer in time")
    }

    @Test func nobodyReadsALibrarysWords() {
        let errors: [any Error] = [
            HTTPClientError.remoteConnectionClosed, NIOSSLError.uncleanShutdown, PeerError.noAddress, PeerError.refused(status: 503),
            DecodingError.valueNotFound(Int.self, .init(codingPath: [], debugDescription: "")),
        ]
        for error in errors { #expect(!PeerError.words(for: error).contains("Error"), "\(error)") }
    }
}
