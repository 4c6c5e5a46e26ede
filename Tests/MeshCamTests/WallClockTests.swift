import Foundation
import Testing

@testable import Gossip
@testable import MeshCam

@Suite struct WallClockTests {
    private let peers = PeerTime(at: .now, sinceEpoch: .seconds(1_796_000_000), error: .milliseconds(7))

    private func clock(off: Duration, error: Duration?, peers: PeerTime?) -> WallClock {
        WallClock(peerTime: { peers }, system: { [base = self.peers] in WallReading(sinceEpoch: base.sinceEpoch(at: .now) + off, error: error) })
    }

    @Test func theSystemsOwnIsBestWhereItIsSet() {
        let clock = clock(off: .seconds(-2), error: .milliseconds(3), peers: peers)
        #expect(clock.quality == .init(source: .ntp, uncertaintySeconds: 0.003, offsetSeconds: 0))
        #expect(abs(clock.now().timeIntervalSince1970 - (peers.sinceEpoch(at: .now) / .seconds(1) - 2)) < 0.5)
    }

    /// As after a power cut, on a machine without a clock of its own.
    @Test func peersSetOneThatIsWrong() {
        let clock = clock(off: .seconds(-86_400), error: nil, peers: peers)
        let quality = clock.quality
        #expect(quality.source == .peer && quality.uncertaintySeconds == 0.007 && abs((quality.offsetSeconds ?? 0) - 86_400) < 0.5)
        #expect(abs(clock.now().timeIntervalSince1970 - peers.sinceEpoch(at: .now) / .seconds(1)) < 0.5)
        let moment = ContinuousClock.now - .seconds(100)
        #expect(abs(clock.date(of: moment).timeIntervalSince1970 - peers.sinceEpoch(at: moment) / .seconds(1)) < 0.001)
    }

    @Test func nobodyKnows() {
        let clock = clock(off: .seconds(-5), error: nil, peers: nil)
        #expect(clock.quality == .init(source: .none, uncertaintySeconds: nil, offsetSeconds: nil))
        #expect(abs(clock.now().timeIntervalSince1970 - (peers.sinceEpoch(at: .now) / .seconds(1) - 5)) < 0.5)
    }

    @Test func theKernelIsAsked() { #expect(abs(WallClock.kernel.sinceEpoch / .seconds(1) - Date().timeIntervalSince1970) < 1) }
}
