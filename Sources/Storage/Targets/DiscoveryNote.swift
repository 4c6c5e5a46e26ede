/// The `discovery.txt` of a camera's folder: who the camera is and where it answers, for people and for other nodes.
public struct DiscoveryNote: Sendable, Equatable {
    public var camera: String
    public var name: String
    public var node: String
    /// Addresses of its dashboard.
    public var addresses: [String]

    public init(camera: String, name: String, node: String, addresses: [String]) {
        self.camera = camera
        self.name = name
        self.node = node
        self.addresses = addresses
    }

    /// One `key value` a line, after a line for people.
    public var text: String {
        "This folder holds the recordings of a MeshCam camera.\n"
            + "camera \(camera)\nname \(Self.oneLine(name))\nnode \(node)\n" + addresses.map { "address \($0)\n" }.joined()
    }

    /// By scalars, because `\r\n` is one character in Swift.
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.properties.generalCategory == .control ? " " : $0 }))
    }

    public init?(parsing text: String) {
        var values: [Substring: [String]] = [:]
        for line in text.split(separator: "\n").prefix(100) {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { values[parts[0], default: []].append(String(parts[1])) }
        }
        guard let camera = values["camera"]?.first, let node = values["node"]?.first else { return nil }
        self.init(camera: camera, name: values["name"]?.first ?? "", node: node, addresses: values["address"] ?? [])
    }
}
