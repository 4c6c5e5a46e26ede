import Foundation
import Logging
import Testing

@testable import Media

/// The moment of capture in a picture, as whoever sees the picture reads it.
@Suite struct CaptureStampTests {
    /// Of any width that a bench takes: narrow ones have several rows of blocks.
    @Test(arguments: [64, 320, 640, 1032, 1920])
    func whatIsBurntInIsRead(width: Int) throws {
        let height = 400
        for milliseconds: UInt64 in [0, 1, 1_764_443_000_123, 1 << 48 - 1] {
            let stamp = CaptureStamp(milliseconds: milliseconds)
            var luma = [UInt8](repeating: 90, count: width * height)
            luma.withUnsafeMutableBufferPointer { luma in
                guard let y = luma.baseAddress else { return }
                // The stamp touches luma alone.
                stamp.draw(into: YUVCanvas(y: y, u: y, v: y, lumaStride: width, chromaStride: width / 2, width: width, height: height))
            }
            let read = CaptureStamp(luma: luma.span, width: width)
            #expect(read == stamp)
            // A block that changes is seen: by the marker, or by the check.
            let block = (CaptureStamp.margin + CaptureStamp.block / 2) * width + CaptureStamp.margin + CaptureStamp.block / 2
            for column in 0..<CaptureStamp.columns(width: width) {
                var damaged = luma
                damaged[block + column * CaptureStamp.block] ^= 0xFF
                let read = CaptureStamp(luma: damaged.span, width: width)
                #expect(read == nil)
            }
        }
    }

    @Test func whatIsNoStampIsNone() {
        for value in [UInt8(0), 90, 255] {
            let luma = [UInt8](repeating: value, count: 1920 * 40)
            let read = CaptureStamp(luma: luma.span, width: 1920)
            #expect(read == nil)
        }
        let nothing: [UInt8] = []
        let read = CaptureStamp(luma: nothing.span, width: 1920)
        #expect(read == nil)
    }

    @Test func aCameraBurnsInTheTimeOfDay() throws {
        var settings = CameraSettings(source: .stamped)
        (settings.width, settings.height, settings.framesPerSecond) = (640, 360, 30)
        let source = try StampedSource(settings: settings)
        let stop = StopSignal()
        var last = CaptureStamp.now().milliseconds
        for _ in 0..<5 {
            guard case .picture(let picture)? = try source.next(stop: stop) else { return #expect(Bool(false), "no picture came") }
            let luma = picture.withLuma { plane in (0..<60).flatMap { line in (0..<640).map { plane.base[line * plane.stride + $0] } } }
            let read = CaptureStamp(luma: luma.span, width: 640)
            let stamp = try #require(read)
            #expect(last <= stamp.milliseconds && stamp.milliseconds <= CaptureStamp.now().milliseconds)
            last = stamp.milliseconds
        }
    }
}
