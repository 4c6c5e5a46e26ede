import Foundation
import Storage
import Testing

@testable import MeshCam

@Suite struct ClipCursorTests {
    private static let id = "\(String(repeating: "a", count: 32))-00000001-00000002"

    @Test func readsBackWhatItWrites() {
        let cursor = ClipQuery.Cursor(start: Date(timeIntervalSince1970: 1_795_178_096.789), id: Self.id)
        #expect(ClipQuery.Cursor(cursor.text) == cursor)
        #expect(cursor.text == "1795178096789_\(Self.id)")
    }

    /// A cursor comes from outside and is written again for the peers: a time that cannot be written must not get in.
    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "253402300800000", "-1", "99999999999999999999", "", "x", "1e3"])
    func timesNobodyWroteAreRefused(milliseconds: String) {
        #expect(ClipQuery.Cursor("\(milliseconds)_\(Self.id)") == nil)
    }

    @Test(arguments: ["", "_", "1", "1_", "1_x", "_\(ClipCursorTests.id)"])
    func otherTextIsRefused(text: String) {
        #expect(ClipQuery.Cursor(text) == nil)
    }
}
