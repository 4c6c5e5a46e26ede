import Logging
import Storage

/// Everything a node can be told before it starts. None of it is needed: the defaults run.
///
/// Read from `meshcam.toml` and the environment by ``Settings/load(config:environment:host:)``; the keys, with their
/// limits and meanings, are listed once in ``Settings/keys``.
struct Settings: Sendable, Equatable {
    var node: NodeSettings
    var camera = CameraSettings()
    var network = NetworkSettings()
    var storage: StorageSettings
    var recording = RecordingSettings()
    var mesh = MeshSettings()

    /// The defaults on a given machine: its name, and directories that this user may write.
    init(host: HostFacts = .current) {
        node = NodeSettings(host: host)
        storage = StorageSettings(host: host)
    }
}

/// `[node]`: who this node is and where it keeps its own files.
struct NodeSettings: Sendable, Equatable {
    /// What people call this node. Default: the host name.
    var name: String
    /// Directory of identity and roster; small and must last.
    /// Default: `/var/lib/meshcam` for root, else `$XDG_STATE_HOME/meshcam` or `~/.local/state/meshcam`.
    var state: String
    /// Directory for what is known of the clips on targets, so that a node that starts again need not look; used only where it is in memory (tmpfs).
    /// Footage that is not stored yet is in the process.
    /// Default: `/run/meshcam/spool` for root, else `$XDG_RUNTIME_DIR/meshcam/spool` or `/tmp/meshcam-<uid>/spool`.
    var spool: String
    /// The least important messages that are logged. Default: `info`.
    var logLevel: Logger.Level = .info

    init(host: HostFacts) {
        name = host.nodeName
        state = host.stateDirectory
        spool = host.runtimeDirectory + "/spool"
    }
}

/// `[camera]`: what this node looks through.
struct CameraSettings: Sendable, Equatable {
    /// `auto`, `synthetic`, `rpicam`, `v4l2:/dev/videoN`, `file:PATH` or `rtsp://…`. Default: `auto`.
    var source = "auto"
    /// Picture width in pixels, even, 16…7680. Default: 1920.
    var width = 1920
    /// Picture height in pixels, even, 16…7680. Default: 1080.
    var height = 1080
    /// Frames per second, 1…120. Default: 30.
    var fps = 30
    /// Bit rate of the recorded video in kbit/s, 64…100 000. Default: 4000.
    var bitRate = 4000
    /// Whether sound is recorded where there is a microphone. Default: true.
    var audio = true
    /// Seed of the `synthetic` source, so that a run can be repeated. Default: a new one for every start.
    var seed: Int?
}

/// `[network]`: where this node listens. Port 0 lets the system choose a free one.
struct NetworkSettings: Sendable, Equatable {
    /// HTTPS: dashboard and API. Default: 8443.
    var webPort = 8443
    /// Plain HTTP on the loopback only, for a first look without a certificate warning. Default: off.
    var httpPort: Int?
    /// Gossip, UDP. Default: 7462.
    var gossipPort = 7462
    /// Live pictures by WebRTC, UDP: one port for all viewers. Default: 7464.
    var livePort = 7464
    /// Peers' TLS, TCP. Default: 7462.
    var peerPort = 7462
    /// Pairing, TCP; open only while this node belongs to no mesh. Default: 7463.
    var pairingPort = 7463
    /// PEM file of the owner's own certificate and those between it and its authority, for the names it covers. Default: none.
    var certificate: String?
    /// PEM file of its private key. Default: none.
    var certificateKey: String?
    /// Addresses of members to try besides what mDNS finds, as `HOST` or `HOST:PORT` (IPv6 as `[::1]:7462`). Default: none.
    var seeds: [String] = []
    /// STUN and TURN servers for viewers behind other routers, see ``IceServer``; an app may set others. Default: none, a LAN needs none.
    var iceServers: [String] = []
}

/// `[storage]`: where footage goes.
struct StorageSettings: Sendable, Equatable {
    /// Directories that are storage targets: a mounted share, a disk. Absolute paths. Default: none.
    var directories: [String] = []
    /// How much of the spool may be used, in bytes. Default: 256 MiB.
    var spoolBytes = 256 << 20
    /// A directory of this machine, best on a disk of its own: for all footage where there is no storage, and else for what no storage and no other camera
    /// takes in time. An absolute path; it has to exist. Default: none.
    var disk: String?
    /// How much video that directory may hold, in bytes. Default: 10 GiB.
    var diskQuota = 10 << 30
    /// When another camera keeps a copy of this one's clips, see ``PeerCopies``. Default: always.
    var peerCopies = PeerCopies.always
    /// How much memory this node lends to other cameras whose storage is away, in bytes. Default: an eighth of the machine's, 128 MiB to 512 MiB.
    var replicaBytes: Int

    init(host: HostFacts) { replicaBytes = host.replicaBytes }
}

/// `[recording]`: how long clips are.
struct RecordingSettings: Sendable, Equatable {
    /// How much of the time before the trigger a clip holds. Default: 10 s.
    var preRoll: Duration = .seconds(10)
    /// No clip is shorter than this. Default: 10 s.
    var minimumClip: Duration = .seconds(10)
    /// A clip ends this long after the last motion. Default: 5 s.
    var postMotion: Duration = .seconds(5)
    /// A longer recording goes on in a new clip. Default: 600 s.
    var maximumClip: Duration = .seconds(600)
}

/// `[mesh]`: what this node brings into the mesh when it first joins.
struct MeshSettings: Sendable, Equatable {
    /// Groups of this node's camera; members of a group record together. Default: `home`.
    var groups = ["home"]
    /// The join bundle with which an unpaired node joins by itself. Default: `join.bundle` in the state directory, else beside
    /// `meshcam.toml` on the card's boot partition.
    var joinTicket: String?
}
