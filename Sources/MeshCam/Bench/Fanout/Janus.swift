import AsyncHTTPClient
import Foundation
import NIOCore

/// Janus (meetecho.com), the WebRTC server to compare with: its configuration for one stream that comes by RTP, at its best setting.
struct JanusSetup {
    static let httpPort = 8088
    static let rtpPort: UInt16 = 8004
    static let payloadType: UInt8 = 96

    /// - Parameter directory: empty; Janus reads its files there.
    /// - Throws: where it is not installed.
    static func write(to directory: String, address: String) throws {
        let fixed = ["/usr/lib/x86_64-linux-gnu/janus", "/usr/lib/aarch64-linux-gnu/janus", "/usr/lib/arm-linux-gnueabihf/janus", "/usr/lib/janus", "/usr/local/lib/janus"]
        guard let library = fixed.first(where: { FileManager.default.fileExists(atPath: $0 + "/plugins/libjanus_streaming.so") }) else {
            throw NodeError("Janus is not installed", cure: "apt-get install janus; or leave --janus out.")
        }
        let others = try FileManager.default.contentsOfDirectory(atPath: library + "/plugins").filter { $0.hasSuffix(".so") && $0 != "libjanus_streaming.so" }
        let ways = try FileManager.default.contentsOfDirectory(atPath: library + "/transports").filter { $0.hasSuffix(".so") && $0 != "libjanus_http.so" }
        let files = [
            // One event loop for all, instead of a thread for each: by far its cheapest.
            "janus.jcfg": """
                general: {
                  plugins_folder = "\(library)/plugins"
                  transports_folder = "\(library)/transports"
                  events_folder = "\(library)/events"
                  loggers_folder = "\(library)/loggers"
                  debug_level = 2
                  session_timeout = 0
                  event_loops = 1
                }
                nat: { ice_lite = true }
                media: { }
                plugins: { disable = "\(others.joined(separator: ","))" }
                transports: { disable = "\(ways.joined(separator: ","))" }
                """,
            "janus.transport.http.jcfg": """
                general: { json = "compact", base_path = "/janus", http = true, port = \(httpPort), ip = "\(address)", https = false }
                admin: { admin_http = false }
                """,
            "janus.plugin.streaming.jcfg": """
                general: { }
                bench: {
                  type = "rtp"
                  id = 1
                  media = ( { type = "video", mid = "v", port = \(rtpPort), pt = \(payloadType), codec = "h264",
                              fmtp = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1" } )
                }
                """,
        ]
        for (name, text) in files { try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8) }
    }
}

/// One viewer's conversation with Janus over HTTP.
struct JanusClient: Sendable {
    private let session: String
    private let handle: String

    /// - Parameter url: ends with `/janus`.
    init(_ url: String) async throws {
        session = "\(url)/\(try await Self.created(Self.post(url, ["janus": "create"])))"
        handle = "\(session)/\(try await Self.created(Self.post(session, ["janus": "attach", "plugin": "janus.plugin.streaming"])))"
    }

    /// Asks for the stream; answers the server's offer.
    func offer() async throws -> String {
        try await Self.post(handle, ["janus": "message", "body": ["request": "watch", "id": 1]])
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            let event = try await Self.object(HTTPClientRequest(url: session + "?maxev=1"))
            if let jsep = event["jsep"] as? [String: Any], let sdp = jsep["sdp"] as? String { return sdp }
        }
        throw NodeError("Janus offers nothing", cure: "Look at its log.")
    }

    func answer(_ sdp: String) async throws {
        try await Self.post(handle, ["janus": "message", "body": ["request": "start"], "jsep": ["type": "answer", "sdp": sdp]])
    }

    @discardableResult
    private static func post(_ url: String, _ body: [String: Any]) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        let whole = body.merging(["transaction": UUID().uuidString]) { first, _ in first }
        request.body = .bytes(try JSONSerialization.data(withJSONObject: whole))
        return try await object(request)
    }

    private static func object(_ request: HTTPClientRequest) async throws -> [String: Any] {
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await answer.body.collect(upTo: 1 << 20)
        guard let object = try JSONSerialization.jsonObject(with: Data(buffer: body)) as? [String: Any], object["janus"] as? String != "error" else {
            throw NodeError("Janus refuses: \(String(buffer: body).prefix(200))", cure: "Look at its log.")
        }
        return object
    }

    private static func created(_ answer: [String: Any]) throws -> UInt64 {
        guard let data = answer["data"] as? [String: Any], let id = data["id"] as? NSNumber else { throw NodeError("Janus answers without an id", cure: "Look at its log.") }
        return id.uint64Value
    }
}
