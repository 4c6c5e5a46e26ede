/// The `discovery.txt` of a camera's folder: who the camera is and where it answers, for people and for other nodes; a second way to be found
/// where multicast does not reach.
///
/// On disk: a line for people, one `key value` a line, and last the node's signature over all bytes before its line.
public struct DiscoveryNote: Sendable, Equatable {
    /// Larger files are nobody's.
    static let sizeLimit = 8 << 10
    /// More addresses are neither written nor read.
    private static let addressLimit = 16
    private static let signatureKey = "signature "

    public var camera: String
    public var name: String
    public var node: String
    /// Addresses of its dashboard.
    public var addresses: [String]
    /// Where its gossip answers: `host:port`, best first.
    public var gossip: [String]

    public init(camera: String, name: String, node: String, addresses: [String], gossip: [String] = []) {
        self.camera = camera
        self.name = name
        self.node = node
        self.addresses = addresses
        self.gossip = gossip
    }

    /// The file.
    ///
    /// - Parameter sign: the node's signature; nil leaves the note unsigned: people can read it, and nobody else heeds it.
    public func file(sign: ((_ bytes: [UInt8]) -> [UInt8])? = nil) -> [UInt8] {
        var text = "This folder holds the recordings of a MeshCam camera.\n"
            + "camera \(camera)\nname \(Self.oneLine(name))\nnode \(node)\n"
        for address in addresses.prefix(Self.addressLimit) { text += "address \(address)\n" }
        for address in gossip.prefix(Self.addressLimit) { text += "gossip \(address)\n" }
        let bytes = Array(text.utf8)
        guard let signature = sign?(bytes) else { return bytes }
        return bytes + Array("\(Self.signatureKey)\(signature.hex)\n".utf8)
    }

    /// What a file says, whoever wrote it; nil where it is no such note.
    public init?(parsing file: [UInt8]) {
        guard file.count <= Self.sizeLimit else { return nil }
        var values: [Substring: [String]] = [:]
        for line in String(decoding: file, as: UTF8.self).split(separator: "\n").prefix(100) {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { values[parts[0], default: []].append(String(parts[1])) }
        }
        guard let camera = values["camera"]?.first, let node = values["node"]?.first else { return nil }
        self.init(
            camera: camera, name: values["name"]?.first ?? "", node: node, addresses: Array((values["address"] ?? []).prefix(Self.addressLimit)),
            gossip: Array((values["gossip"] ?? []).prefix(Self.addressLimit)))
    }

    /// What a file says, if the node that it names has signed it.
    ///
    /// - Parameter verify: whether that is the node's signature over these bytes.
    public init?(signed file: [UInt8], verify: (_ node: String, _ bytes: [UInt8], _ signature: [UInt8]) -> Bool) {
        guard let note = DiscoveryNote(parsing: file) else { return nil }
        let end = file.last == 0x0a ? file.dropLast() : file[...]
        let start = end.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        let line = end[start...]
        guard line.starts(with: Self.signatureKey.utf8), let signature = [UInt8](hex: line.dropFirst(Self.signatureKey.utf8.count)),
            verify(note.node, Array(file[..<start]), signature)
        else { return nil }
        // Only of what was signed.
        guard let signed = DiscoveryNote(parsing: Array(file[..<start])) else { return nil }
        self = signed
    }

    /// By scalars, because `\r\n` is one character in Swift.
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
