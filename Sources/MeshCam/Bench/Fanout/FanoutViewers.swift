import AsyncHTTPClient
import Foundation
import Media

/// The viewers of a measurement: a process that asks a server for one stream many times, and counts what comes.
struct FanoutViewers: Sendable {
    let address: String
    let viewers: Int

    private static let patience = Duration.seconds(60)

    /// Watches until standard input ends. Says what came, as a line of JSON: once all are connected, and whenever a line comes in.
    func watch(_ url: String) async throws {
        let swarm = try ViewerSwarm(address: address)
        let isJanus = url.hasSuffix("/janus")
        for _ in 0..<viewers {
            if isJanus {
                let janus = try await JanusClient(url)
                try await janus.answer(try swarm.add(answering: try await janus.offer()))
            } else {
                try swarm.accept(try await Self.whep(url, offer: try swarm.add()))
            }
            try await onOwnThread { swarm.run(for: .milliseconds(20)) }
        }
        let deadline = ContinuousClock.now + Self.patience
        while swarm.summary.connected < viewers {
            guard ContinuousClock.now < deadline else {
                throw NodeError("\(swarm.summary.connected) of \(viewers) viewers see something after \(Self.patience)", cure: "Look at the server's log.")
            }
            try await onOwnThread { swarm.run(for: .milliseconds(100)) }
        }
        try Self.say(swarm.summary)
        let lines = Self.lines()
        while true {
            try await onOwnThread { swarm.run(for: .milliseconds(50)) }
            switch lines.next() {
            case .line: try Self.say(swarm.summary)
            case .end: return
            case .nothing: break
            }
        }
    }

    private static func whep(_ url: String, offer: String) async throws -> String {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/sdp")
        request.body = .bytes(Array(offer.utf8))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await String(buffer: answer.body.collect(upTo: 1 << 18))
        guard answer.status == .created else { throw NodeError("\(url) answers \(answer.status.code): \(body.prefix(200))", cure: "Look at the server.") }
        return body
    }

    private static func say(_ summary: ViewerSwarm.Summary) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(summary) + Data("\n".utf8))
    }

    private enum Input { case nothing, line, end }

    /// Standard input without waiting.
    private static func lines() -> (next: () -> Input, Void) {
        ({
            var one = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&one, 1, 0) > 0 else { return .nothing }
            var buffer = [UInt8](repeating: 0, count: 256)
            return read(STDIN_FILENO, &buffer, buffer.count) > 0 ? .line : .end
        }, ())
    }
}
