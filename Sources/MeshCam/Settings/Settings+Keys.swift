extension Settings {
    /// Every key there is, in the order the documentation lists them.
    static let keys: [SettingsKey] = [
        SettingsKey("node.name", \.node.name, name, "What people call this node"),
        SettingsKey("node.state", \.node.state, directory, "Directory of identity and roster; it must last"),
        SettingsKey("node.spool", \.node.spool, directory, "Directory for the catalogue of clips, used only where it is in memory (tmpfs)"),
        SettingsKey("node.log_level", \.node.logLevel, .word, "The least important messages that are logged"),

        SettingsKey("camera.source", \.camera.source, source, "What this node looks through"),
        SettingsKey("camera.width", \.camera.width, .integer(16...7680, even: true), "Picture width in pixels"),
        SettingsKey("camera.height", \.camera.height, .integer(16...7680, even: true), "Picture height in pixels"),
        SettingsKey("camera.fps", \.camera.fps, .integer(1...120), "Frames per second"),
        SettingsKey("camera.bit_rate", \.camera.bitRate, .integer(64...100_000), "Bit rate of the recorded video in kbit/s"),
        SettingsKey("camera.audio", \.camera.audio, .boolean, "Whether sound is recorded where there is a microphone"),
        SettingsKey(
            "camera.seed", \.camera.seed, SettingsType<Int>.integer(0...Int.max).optional(absent: "a new one for every start"),
            "Seed of the synthetic source, so that a run can be repeated"),

        SettingsKey("network.web_port", \.network.webPort, webPort, "TCP port of dashboard and API over HTTPS"),
        SettingsKey(
            "network.http_port", \.network.httpPort, webPort.optional(absent: "off"),
            "TCP port of plain HTTP, on this machine's loopback only"),
        SettingsKey("network.gossip_port", \.network.gossipPort, port, "UDP port of gossip between nodes"),
        SettingsKey("network.live_port", \.network.livePort, port, "UDP port of live pictures by WebRTC, one for all viewers"),
        SettingsKey("network.peer_port", \.network.peerPort, port, "TCP port of TLS between nodes"),
        SettingsKey("network.pairing_port", \.network.pairingPort, port, "TCP port of pairing, open only while this node belongs to no mesh"),
        SettingsKey(
            "network.certificate", \.network.certificate, directory.optional(absent: "none"),
            "PEM file of your own certificate for browsers, with those between it and its authority; used for the names it covers"),
        SettingsKey(
            "network.certificate_key", \.network.certificateKey, directory.optional(absent: "none"), "PEM file of that certificate's private key"),
        SettingsKey(
            "network.seeds", \.network.seeds,
            .texts(count: 0...64, allowed: "up to 64 different HOST or HOST:PORT, IPv6 as [::1]:7462") {
                HostAndPort($0) != nil
            },
            "Addresses of members to try besides what mDNS finds"),
        SettingsKey(
            "network.ice_servers", \.network.iceServers,
            .texts(count: 0...IceServer.limit, allowed: "up to \(IceServer.limit) different HOST:PORT, stun:HOST:PORT or turn:HOST:PORT", normal: { IceServer($0)?.uri ?? $0 }) {
                IceServer($0) != nil
            },
            "Servers that help viewers behind other routers to see this camera; until an app sets others"),

        SettingsKey(
            "storage.directories", \.storage.directories,
            .texts(count: 0...16, allowed: "up to 16 different absolute paths", normal: SettingsText.normalPath) {
                SettingsText.isPath($0) && $0.hasPrefix("/") && !$0.split(separator: "/").contains("..")
            },
            "Directories that are storage targets: a mounted share, a disk"),
        SettingsKey(
            "storage.spool_bytes", \.storage.spoolBytes, .bytes((16 << 20)...(1 << 40)), "How much of the spool may be used"),
        SettingsKey(
            "storage.disk", \.storage.disk, directory.optional(absent: "none"),
            "Directory of this machine for all footage where there is no storage, and else for what waits too long; it must exist"),
        SettingsKey("storage.disk_quota", \.storage.diskQuota, .bytes((16 << 20)...(1 << 50)), "How much video that directory may hold"),
        SettingsKey(
            "storage.peer_copies", \.storage.peerCopies, .word,
            "When another camera keeps a copy until the storage is sure to have it: always; late, when no storage takes it within a second; or never"),
        SettingsKey(
            "storage.replica_bytes", \.storage.replicaBytes, .bytes(0...(1 << 40)), "Memory lent to other cameras whose storage is away"),

        SettingsKey("recording.pre_roll", \.recording.preRoll, .seconds(0...60), "How much of the time before the trigger a clip holds"),
        SettingsKey("recording.minimum_clip", \.recording.minimumClip, .seconds(1...3600), "No clip is shorter than this"),
        SettingsKey("recording.post_motion", \.recording.postMotion, .seconds(0...600), "A clip ends this long after the last motion"),
        SettingsKey(
            "recording.maximum_clip", \.recording.maximumClip, .seconds(10...3600), "A longer recording goes on in a new clip"),

        SettingsKey(
            "mesh.groups", \.mesh.groups,
            .texts(count: 1...16, allowed: "1 to 16 different names of 1 to 63 printable characters", where: SettingsText.isName),
            "Groups of this node's camera; members of a group record together"),
        SettingsKey(
            "mesh.join_ticket", \.mesh.joinTicket, directory.optional(absent: "join.bundle in the state directory, or on the card"),
            "Join bundle with which this node joins a mesh by itself"),
    ]

    private static var name: SettingsType<String> {
        .text(allowed: "1 to 63 printable characters, no space at either end", where: SettingsText.isName)
    }

    private static var directory: SettingsType<String> {
        .text(allowed: "an absolute path") { SettingsText.isPath($0) && $0.hasPrefix("/") }
    }

    /// 0: any free one; other nodes learn which.
    private static var port: SettingsType<Int> { .integer(0...65535) }

    /// Never 0: people and programs must know where to ask.
    private static var webPort: SettingsType<Int> { .integer(1...65535) }

    private static var source: SettingsType<String> {
        .text(allowed: "auto, none, synthetic, v4l2:/dev/videoN or file:PATH (rpicam and rtsp:// are not supported yet)") { text in
            guard SettingsText.isPath(text) else { return false }
            if ["auto", "none", "synthetic", "rpicam"].contains(text) { return true }
            if text.hasPrefix("v4l2:") { return text.dropFirst(5).hasPrefix("/") }
            if text.hasPrefix("file:") { return text.count > 5 }
            for scheme in ["rtsp://", "rtsps://"] where text.hasPrefix(scheme) { return text.count > scheme.count }
            return false
        }
    }
}
