import Testing

@testable import MeshCam

/// What `bench live` makes of what a page and a screen tell.
@Suite struct LiveBenchTests {
    @Test func figuresAreNearestRanks() {
        let seen = LivePageReport(firstFramesMs: [300, 100, 900], agesMs: (1...100).map { Double($0) / 3 }, unreadable: 2)
        let figures = LiveFigures(width: 1920, height: 1080, framesPerSecond: 30, seen: seen)
        #expect(figures.glassToBrowserMsP50 == 16.7 && figures.glassToBrowserMsP95 == 31.7)
        #expect(figures.firstFrameMs == 300 && figures.firstFrameMsMax == 900)
        #expect(figures.pictures == 100 && figures.unreadable == 2 && figures.displayedMsP50 == nil)
        #expect(LiveFigures.percentile([], 0.5) == 0)
    }
}
