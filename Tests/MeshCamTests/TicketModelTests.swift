import Foundation
import Testing

@testable import MeshCam

@Suite struct TicketModelTests {
    @Test func whatIsAskedFor() throws {
        #expect(try TicketRequest().check() == ("", 1))
        #expect(try TicketRequest(name: " garden ", uses: 100).check() == ("garden", 100))
        for bad in [TicketRequest(uses: 0), TicketRequest(uses: 101), TicketRequest(uses: -1), TicketRequest(name: "a\u{7}"), TicketRequest(name: String(repeating: "x", count: 64))] {
            #expect(throws: ProblemDetails.self) { try bad.check() }
        }
    }

    @Test func theSecretIsNoPartOfADescription() {
        let made = NewTicketResource(id: "ab", name: "", uses: 1, bundle: "c2VjcmV0", text: "secret", qr: "<svg/>")
        #expect("\(made)" == "NewTicketResource(id: ab)" && !String(describing: made).contains("secret"))
    }

    @Test func tableOfTickets() {
        let tickets = [
            TicketResource(id: "11111111aa", name: "garden", uses: 3, left: 1, joined: [.init(node: "1", name: "gate"), .init(node: "2", name: "shed")], revoked: false),
            TicketResource(id: "22222222bb", name: "", uses: 1, left: 0, joined: [], revoked: true),
        ]
        #expect(
            TicketsCommand.table(tickets) == """
                TICKET    NAME       LEFT  OF  JOINED
                11111111  garden        1   3  gate, shed
                22222222          revoked   1
                """)
        #expect(TicketsCommand.table([]).contains("meshcam ticket"))
        #expect(throws: APIError.self) { try TicketsCommand.ticket("3", among: tickets) }
        #expect(throws: APIError.self) { try TicketsCommand.ticket("", among: tickets) }
        #expect((try? TicketsCommand.ticket("2222", among: tickets))?.id == "22222222bb")
    }
}

/// That other programs can read them is for Tests/System/test_tickets.py.
@Suite struct QRCodeTests {
    /// ISO/IEC 18004:2015, table 7: at level L, version 1 (21 modules) holds 17 bytes, version 2 holds 32, version 40 holds 2953.
    @Test func smallestVersionThatHoldsIt() {
        let widths = [1, 17, 18, 32, 33, 2953].map { QRCode(String(repeating: "\u{1}", count: $0))?.width }
        #expect(widths == [21, 21, 25, 25, 29, 177])
        #expect(QRCode("") == nil && QRCode(String(repeating: "\u{1}", count: 2954)) == nil)
    }
}
