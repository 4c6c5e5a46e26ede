import Testing

@testable import MeshCam

@Suite struct ByteRangeTests {
    @Test(arguments: [
        // RFC 9110 §14.1.2's own examples, for 10,000 bytes.
        ("bytes=0-499", 0, 500), ("bytes=500-999", 500, 1000), ("bytes=-500", 9500, 10000), ("bytes=9500-", 9500, 10000),
        ("bytes=0-0", 0, 1), ("bytes=9999-", 9999, 10000), ("bytes=5-99999", 5, 10000), ("bytes=-99999", 0, 10000),
        ("Bytes= 1-2", 1, 3), ("bytes=0-1,5-6", 0, 2), ("bytes=0-99999999999999999999", 0, 10000),
        ("bytes=-99999999999999999999", 0, 10000),
    ])
    func parts(field: String, lower: Int, upper: Int) {
        #expect(ByteRange.parse(field, size: 10000) == .part(ByteRange(lowerBound: lower, upperBound: upper)))
    }

    @Test(arguments: [nil, "", "bytes", "items=0-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=--1", "bytes=1--2", "bytes=+1-2"])
    func whatIsNotUnderstoodIsIgnored(field: String?) {
        #expect(ByteRange.parse(field, size: 10000) == .whole)
    }

    @Test(arguments: ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"])
    func nothingToServe(field: String) {
        #expect(ByteRange.parse(field, size: 10000) == .unsatisfiable)
    }

    @Test func anEmptyFileHasNoRange() {
        #expect(ByteRange.parse("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange.parse("bytes=-1", size: 0) == .unsatisfiable)
        #expect(ByteRange.parse(nil, size: 0) == .whole)
    }
}
