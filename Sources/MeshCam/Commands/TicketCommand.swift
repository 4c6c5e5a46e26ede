import ArgumentParser
import Foundation
import Gossip

/// `meshcam ticket`: a file with which new cameras join by themselves.
struct TicketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticket", abstract: "Make a join bundle: a file with which new cameras join by themselves.",
        discussion: """
            Put the file 'join.bundle' beside 'meshcam.toml' on a new camera's card, or into its state directory; it is wiped when the camera has
            joined. Whoever has the file can join: keep it as you keep a key. Needs an admin's passphrase: $\(RootPassphrase.variable), the
            password given to sign in, or asked for.
            """)

    @Option(help: "How many cameras may join with it.") var uses: Int = 1

    @Option(help: "What to call it in lists.") var name: String?

    @Option(name: [.short, .customLong("out")], help: ArgumentHelp("Where to write the file.", valueName: "file"))
    var out: String = JoinBundle.fileName

    @Flag(name: .customLong("qr"), help: "Show it as a QR code instead of writing a file.") var showsCode = false

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if !(1...Ticket.usesLimit).contains(uses) { throw ValidationError("--uses must be 1 to \(Ticket.usesLimit)") }
    }

    func run() async throws {
        let (request, out, showsCode, client) = (TicketRequest(name: name, uses: uses), out, showsCode, client)
        try await client.withClient { api in
            try await RootPassphrase.unlock(api, client: client)
            let answer = try await api.post("/tickets", request)
            if client.json { return try Terminal.print(try JSONText(answer, "/tickets").pretty()) }
            let ticket = try APIClient.decode(NewTicketResource.self, from: answer, "/tickets")
            guard let bundle = Data(base64Encoded: ticket.bundle), let code = QRCode(ticket.text) else {
                throw APIError(kind: .notUnderstood, message: "the node's ticket is no bundle", cure: "check that node and command have the same version")
            }
            let whom = Wording.count(ticket.uses, "camera")
            if showsCode {
                try Terminal.print(code.terminalText)
                try Terminal.print("ticket \(ticket.id.prefix(8)) for \(whom)")
            } else {
                try DurableFile.write(Array(bundle), to: URL(filePath: out).path, operation: "write the join bundle")
                try Terminal.print("\(out): ticket \(ticket.id.prefix(8)) for \(whom); wiped by the camera that joins with it")
            }
        }
    }
}

/// `meshcam tickets`: the tickets there are, and who came by them.
struct TicketsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tickets", abstract: "List the tickets with which cameras join by themselves, or revoke one.",
        discussion: "Revoking needs an admin's passphrase: $\(RootPassphrase.variable), the password given to sign in, or asked for.")

    @Option(help: ArgumentHelp("End this ticket, for ever; who came by it stays. The beginning of its id is enough.", valueName: "id"))
    var revoke: String?

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (revoke, client) = (revoke, client)
        try await client.withClient { api in
            guard let revoke else {
                let answer = try await api.get("/tickets")
                if client.json { return try Terminal.print(try JSONText(answer, "/tickets").pretty()) }
                return try Terminal.print(Self.table(try APIClient.decode([TicketResource].self, from: answer, "/tickets")))
            }
            let tickets: [TicketResource] = try await api.get("/tickets")
            let ticket = try Self.ticket(revoke, among: tickets)
            try await RootPassphrase.unlock(api, client: client)
            _ = try await api.delete("/tickets/\(APIClient.percentEncoded(ticket.id))")
            try Terminal.print("ticket \(ticket.id.prefix(8)) brings nobody any more")
        }
    }

    static func table(_ tickets: [TicketResource]) -> String {
        if tickets.isEmpty { return "no tickets; 'meshcam ticket' makes one" }
        let ids = Wording.shortened(tickets.map(\.id))
        var table = TextTable(("TICKET", .left), ("NAME", .left), ("LEFT", .right), ("OF", .right), ("JOINED", .left))
        for ticket in tickets {
            let names = ticket.joined.map(\.name).joined(separator: ", ")
            table.add([ids[ticket.id] ?? ticket.id, ticket.name, ticket.revoked ? "revoked" : "\(ticket.left)", "\(ticket.uses)", names])
        }
        return table.render()
    }

    /// - Throws: when none or several fit.
    static func ticket(_ text: String, among tickets: [TicketResource]) throws(APIError) -> TicketResource {
        let found = tickets.filter { !text.isEmpty && $0.id.hasPrefix(text.lowercased()) }
        if found.count == 1 { return found[0] }
        throw APIError(
            kind: .noMatch, message: found.isEmpty ? "no ticket begins with \"\(SettingsText.shown(text))\"" : "\(found.count) tickets fit",
            cure: "'meshcam tickets' lists them")
    }
}
