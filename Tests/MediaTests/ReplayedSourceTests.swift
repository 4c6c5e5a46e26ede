import Foundation
import Testing

@testable import Media

@Suite struct ReplayedSourceTests {
    @Test(arguments: [500_000, 2_000_000]) func thePicturesHaveTheRate(bitRate: Int) async throws {
        let source = try ReplayedSource(bitRate: bitRate)
        #expect(abs(Double(source.bitRate) / Double(bitRate) - 1) < 0.15, "\(source.bitRate)")
        let subscription = source.subscribe(to: .main, name: "test", capacity: 10)
        Thread { source.run() }.start()
        defer { source.stop() }
        var times: [Int64] = []
        for _ in 0..<5 {
            guard case .unit(let unit)? = await subscription.next() else { throw CancellationError() }
            #expect(unit.isKeyFrame == times.isEmpty, "it begins with a key frame")
            times.append(unit.pts90k)
        }
        #expect(times == [0, 3000, 6000, 9000, 12_000])
    }
}
