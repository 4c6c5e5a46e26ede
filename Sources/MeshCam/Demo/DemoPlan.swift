import Foundation

/// Which nodes a demo has, what each looks at, and where it is served.
struct DemoPlan: Sendable {
    struct Node: Sendable {
        let name: String
        let source: String
        /// Which generated scene; the same at every start.
        let seed: Int
        let webPort: Int
        let httpPort: Int
    }

    let nodes: [Node]

    /// Names, and the seeds whose generated scenes suit them: a house front by day, a drive in the evening, a garden at night.
    private static let places = [
        ("porch", 3), ("garage", 1), ("garden", 2), ("drive", 4), ("hall", 5), ("cellar", 6), ("roof", 7), ("gate", 8),
    ]
    /// How many cameras a machine is asked to run.
    static let cameraLimit = 16
    /// How many may be prepared for other machines.
    static let preparedLimit = 256
    private static let endings: Set<String> = ["mp4", "mkv", "mov", "avi", "webm", "ts", "m4v", "h264", "mpg", "mpeg"]

    /// - Parameter footage: a directory of videos, given to the cameras in order of their names, in turn; `nil`: the generated scene.
    /// - Parameter limit: the most cameras there may be.
    init(cameras: Int, webPort: Int, httpPort: Int, footage: String?, limit: Int = cameraLimit) throws {
        guard (1...limit).contains(cameras) else {
            throw NodeError("--cameras must be 1 to \(limit)", cure: "Try 3.")
        }
        for (port, option) in [(webPort, "--web-port"), (httpPort, "--http-port")] where !(1...65535 - cameras).contains(port) {
            throw NodeError("\(option) \(port) leaves no room for \(cameras) ports", cure: "Try \(option == "--web-port" ? 8443 : 8080).")
        }
        guard abs(webPort - httpPort) >= cameras else {
            throw NodeError("--web-port and --http-port overlap", cure: "Keep them \(cameras) or more apart.")
        }
        let videos = try footage.map(Self.videos)
        nodes = (0..<cameras).map { index in
            Node(
                name: index < Self.places.count ? Self.places[index].0 : "camera-\(index + 1)",
                source: videos.map { "file:\($0[index % $0.count])" } ?? "synthetic",
                seed: index < Self.places.count ? Self.places[index].1 : index + 1, webPort: webPort + index, httpPort: httpPort + index)
        }
    }

    /// - Throws: ``NodeError`` when a dashboard's port is taken.
    func checkPorts() throws {
        for port in nodes.flatMap({ [$0.webPort, $0.httpPort] }) where !PortCheck.isFree(port) {
            throw NodeError(
                "port \(port) is in use", cure: "Stop the program that has it ('ss -lntp' names it; perhaps another demo), or choose others with --web-port and --http-port.")
        }
    }

    private static func videos(_ directory: String) throws -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw NodeError("cannot read the footage in \(directory): \(error.systemReason)", cure: "Name a directory of videos with --footage.")
        }
        let videos = names.filter { endings.contains(URL(filePath: $0).pathExtension.lowercased()) && !$0.hasPrefix(".") }.sorted()
        guard !videos.isEmpty else {
            throw NodeError("there is no video in \(directory)", cure: "Name a directory of videos (\(endings.sorted().joined(separator: ", "))) with --footage.")
        }
        return videos.map { URL(filePath: directory).appending(path: $0).standardizedFileURL.path }
    }
}

extension DemoPlan.Node {
    /// The node's settings file. Strings are written as TOML basic strings.
    func settings(nas: String, state: String) -> String {
        """
        # Written by 'meshcam demo' at every start.
        [node]
        name = \(name.tomlString)
        state = \(state.tomlString)
        spool = \((state + "/spool").tomlString)

        [camera]
        source = \(source.tomlString)
        seed = \(seed)

        [network]
        web_port = \(webPort)
        http_port = \(httpPort)
        gossip_port = 0
        live_port = 0
        peer_port = 0

        [storage]
        directories = [\(nas.tomlString)]

        """
    }
}

extension String {
    /// A TOML 1.0 basic string.
    var tomlString: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
