import Testing

@testable import MeshCam

@Suite struct SettingsTests {
    static let host = HostFacts(hostName: "porch.lan", userID: 0, environment: [:])

    /// Reads one text called `meshcam.toml` and an environment.
    private func load(_ text: String, environment: [String: String] = [:]) throws(SettingsError) -> LoadedSettings {
        var reader = SettingsReader(defaults: Settings(host: Self.host))
        do throws(SettingsError) {
            reader.apply(try TOMLDocument(file: "meshcam.toml", text: text))
        } catch {
            reader.add(error)
        }
        reader.apply(environment: environment)
        return try reader.finish()
    }

    private func refusal(_ text: String, environment: [String: String] = [:]) -> SettingsError? {
        do throws(SettingsError) {
            _ = try load(text, environment: environment)
            return nil
        } catch {
            return error
        }
    }

    @Test func nothingIsNeeded() throws {
        let settings = try load("").settings
        #expect(settings == Settings(host: Self.host))
        #expect(settings.node.name == "porch")
        #expect(settings.node.state == "/var/lib/meshcam")
        #expect(settings.node.spool == "/run/meshcam/spool")
        #expect(settings.camera == CameraSettings())
        #expect(settings.camera.width == 1920 && settings.camera.height == 1080 && settings.camera.fps == 30)
        #expect(settings.network.webPort == 8443 && settings.network.httpPort == nil && settings.network.gossipPort == 7462)
        #expect(settings.recording.preRoll == .seconds(10) && settings.recording.maximumClip == .seconds(600))
        #expect(settings.storage.spoolBytes == 268_435_456)
        #expect(settings.mesh.groups == ["home"])
    }

    @Test func everyKeyIsRead() throws {
        let loaded = try load(
            """
            [node]
            name = "Haustür 1"
            state = "/srv/state"
            spool = "/srv/spool"
            log_level = "debug"
            [camera]
            source = "file:/footage/a.mp4"
            width = 1280
            height = 720
            fps = 25
            bit_rate = 2500
            audio = false
            seed = 7
            [network]
            web_port = 443
            http_port = 8080
            gossip_port = 1000
            live_port = 1001
            peer_port = 0
            pairing_port = 7999
            certificate = "/etc/cert.pem"
            certificate_key = "/etc/key.pem"
            seeds = ["10.0.0.7", "[fe80::1]:7462", "porch.local:7000"]
            ice_servers = ["stun.example.net:3478", "turn:[2001:db8::7]"]
            [storage]
            directories = ["/mnt/nas"]
            spool_bytes = "1 GiB"
            disk = "/srv/footage"
            peer_copies = "late"
            disk_quota = "1 GiB"
            replica_bytes = "64 MiB"
            [recording]
            pre_roll = 2.5
            minimum_clip = 5
            post_motion = 0
            maximum_clip = 60
            [mesh]
            groups = ["home", "garden"]
            join_ticket = "/srv/join.bundle"
            """)
        var expected = Settings(host: Self.host)
        expected.node.name = "Haustür 1"
        expected.node.state = "/srv/state"
        expected.node.spool = "/srv/spool"
        expected.node.logLevel = .debug
        expected.camera.source = "file:/footage/a.mp4"
        expected.camera.width = 1280
        expected.camera.height = 720
        expected.camera.fps = 25
        expected.camera.bitRate = 2500
        expected.camera.audio = false
        expected.camera.seed = 7
        expected.network.webPort = 443
        expected.network.httpPort = 8080
        expected.network.gossipPort = 1000
        expected.network.livePort = 1001
        expected.network.peerPort = 0
        expected.network.pairingPort = 7999
        expected.network.certificate = "/etc/cert.pem"
        expected.network.certificateKey = "/etc/key.pem"
        expected.network.seeds = ["10.0.0.7", "[fe80::1]:7462", "porch.local:7000"]
        expected.network.iceServers = ["stun:stun.example.net:3478", "turn:[2001:db8::7]:3478"]
        expected.storage.directories = ["/mnt/nas"]
        expected.storage.spoolBytes = 1 << 30
        expected.storage.disk = "/srv/footage"
        expected.storage.peerCopies = .late
        expected.storage.diskQuota = 1 << 30
        expected.storage.replicaBytes = 64 << 20
        expected.recording.preRoll = .milliseconds(2500)
        expected.recording.minimumClip = .seconds(5)
        expected.recording.postMotion = .zero
        expected.recording.maximumClip = .seconds(60)
        expected.mesh.groups = ["home", "garden"]
        expected.mesh.joinTicket = "/srv/join.bundle"
        #expect(loaded.settings == expected)
        #expect(Set(loaded.origins.keys) == Set(Settings.keys.map(\.path)), "the text above sets every key there is")
        #expect(loaded.origin(of: "camera.fps") == .file("meshcam.toml", line: 10))
    }

    @Test(arguments: [
        ("[camera]\n\nfps = 900", "meshcam.toml:3: camera.fps = 900: must be 1 to 120"),
        ("camera.fps = 0", "meshcam.toml:1: camera.fps = 0: must be 1 to 120"),
        ("[camera]\nwidth = 1281", "meshcam.toml:2: camera.width = 1281: must be even, 16 to 7680"),
        ("[camera]\nheight = 7682", "meshcam.toml:2: camera.height = 7682: must be even, 16 to 7680"),
        ("[camera]\nfps = \"fast\"", "meshcam.toml:2: camera.fps = \"fast\": must be a whole number, 1 to 120"),
        ("[camera]\nfps = 29.97", "meshcam.toml:2: camera.fps = 29.97: must be a whole number, 1 to 120"),
        ("[camera]\naudio = 1", "meshcam.toml:2: camera.audio = 1: must be true or false"),
        (
            "[network]\ncertificate = \"/etc/cert.pem\"",
            "meshcam.toml:2: network.certificate: needs network.certificate_key as well"
        ),
        ("[network]\ncertificate_key = \"/k\"", "meshcam.toml:2: network.certificate_key: needs network.certificate as well"),
        ("[camera]\nseed = -1", "meshcam.toml:2: camera.seed = -1: must be 0 to 9223372036854775807"),
        ("# hi\n[network]\nweb_port = 65536", "meshcam.toml:3: network.web_port = 65536: must be 1 to 65535"),
        (
            "[network]\nseeds = [\n  \"ok\",\n  \"a b\",\n]",
            "meshcam.toml:2: network.seeds = [\"ok\", \"a b\"]: must be up to 64 different HOST or HOST:PORT, IPv6 as [::1]:7462"
        ),
        (
            "[node]\nname = \"\"",
            "meshcam.toml:2: node.name = \"\": must be 1 to 63 printable characters, no space at either end"
        ),
        ("[node]\nstate = \"here\"", "meshcam.toml:2: node.state = \"here\": must be an absolute path"),
        (
            "[node]\nlog_level = \"loud\"",
            "meshcam.toml:2: node.log_level = \"loud\": must be trace, debug, info, notice, warning, error or critical"
        ),
        (
            "[camera]\nsource = \"webcam\"",
            "meshcam.toml:2: camera.source = \"webcam\": must be auto, none, synthetic, v4l2:/dev/videoN or file:PATH (rpicam and rtsp:// are not supported yet)"
        ),
        (
            "[storage]\ndirectories = [1]",
            "meshcam.toml:2: storage.directories = [1]: must be a list of texts, up to 16 different absolute paths"
        ),
        (
            "[storage]\ndirectories = [\"/mnt/nas\", \"/mnt//./nas/\"]",
            "meshcam.toml:2: storage.directories = [\"/mnt/nas\", \"/mnt//./nas/\"]: must be up to 16 different absolute paths"
        ),
        ("[storage]\nspool_bytes = \"1 KiB\"", "meshcam.toml:2: storage.spool_bytes = \"1 KiB\": must be 16 MiB to 1 TiB"),
        (
            "[storage]\nspool_bytes = \"much\"",
            "meshcam.toml:2: storage.spool_bytes = \"much\": must be a number of bytes or a text such as \"256 MiB\", 16 MiB to 1 TiB"
        ),
        ("[recording]\npre_roll = nan", "meshcam.toml:2: recording.pre_roll = nan: must be 0 to 60 seconds"),
        ("[recording]\npre_roll = -0.1", "meshcam.toml:2: recording.pre_roll = -0.1: must be 0 to 60 seconds"),
        (
            "[mesh]\ngroups = []",
            "meshcam.toml:2: mesh.groups = []: must be 1 to 16 different names of 1 to 63 printable characters"
        ),
        (
            "[mesh]\ngroups = [\"a\", \"a\"]",
            "meshcam.toml:2: mesh.groups = [\"a\", \"a\"]: must be 1 to 16 different names of 1 to 63 printable characters"
        ),
        ("camera = 5", "meshcam.toml:1: camera = 5: must be a table; write [camera] and its keys below"),
        ("[[camera]]\nfps = 5", "meshcam.toml:1: camera = [a table]: must be a table; write [camera] and its keys below"),
        (
            "[camera]\nfps = 2026-11-20",
            "meshcam.toml:2: camera.fps = 2026-11-20: must be a whole number, 1 to 120"
        ),
        ("[camera.fps]\nx = 1", "meshcam.toml:1: camera.fps = a table: must be a whole number, 1 to 120"),
    ])
    func badValue(_ text: String, _ message: String) {
        #expect(refusal(text)?.description == message)
    }

    @Test(arguments: [
        ("[camera]\nfsp = 30", "meshcam.toml:2: camera.fsp: unknown key; did you mean camera.fps?"),
        ("[camera]\nbitRate = 30", "meshcam.toml:2: camera.bitRate: unknown key; did you mean camera.bit_rate?"),
        ("[network]\nweb-prot = 1", "meshcam.toml:2: network.web-prot: unknown key; did you mean network.web_port?"),
        ("[node]\nfps = 30", "meshcam.toml:2: node.fps: unknown key; did you mean camera.fps?"),
        ("fps = 30", "meshcam.toml:1: fps: unknown key; did you mean camera.fps? Write it below [camera]"),
        ("\n[cameras]\nfps = 30", "meshcam.toml:3: cameras.fps: unknown section; did you mean [camera]?"),
        ("[mesh]\nturbo = 30", "meshcam.toml:2: mesh.turbo: unknown key; allowed in [mesh]: groups, join_ticket"),
        (
            "[email]",
            "meshcam.toml:1: email: unknown section; allowed: [node], [camera], [network], [storage], [recording], [mesh]"
        ),
        ("\"camera.fps\" = 30", "meshcam.toml:1: camera.fps: unknown section; allowed: [node], [camera], [network], [storage], [recording], [mesh]"),
    ])
    func unknownKey(_ text: String, _ message: String) {
        #expect(refusal(text)?.description == message)
        #expect(refusal(text)?.problems.map(\.kind) == [.unknownKey])
    }

    @Test(arguments: [
        ("[camera]\nfps = = 3", 2), ("[camera\nfps = 3", 1), ("[camera]\nfps = 3\nfps = 4", 3), ("[camera]\n\n\nsource = auto", 4), ("[camera]\nfps =\n", 2),
        ("a = \"\u{0}\"", 1), ("\n\n\u{0}", 3),
        // toml++ 3.4 would end the program at each of these.
        ("\n[.camera]", 2), ("[\ncamera]", 1), ("[[[camera]]]", 1), ("[=", 1), ("[#]", 1), ("[é]", 1), ("a = [}]", 1), ("a = [1,\n}", 2), ("a = 2026-11-20 1", 1), ("a = 2026-11-20 1 # x", 1), ("a = [\u{2028}]", 1),
        ("a = [\n[ [1], \"#\" ]]\n[{]", 3),
    ])
    func syntaxError(_ text: String, _ line: Int) throws {
        let problem = try #require(refusal(text)?.problems.first)
        #expect(problem.kind == .syntax)
        #expect(problem.origin == .file("meshcam.toml", line: line))
        #expect(problem.description.hasPrefix("meshcam.toml:\(line): not valid TOML: "))
        #expect(!problem.description.contains("\n"))
    }

    @Test func everyProblemIsReportedAtOnceInOrder() {
        let error = refusal("[camera]\nfps = 900\ncolour = 1\n[network]\nweb_port = -1", environment: ["MESHCAM_CAMERA_WIDTH": "x"])
        #expect(
            error?.description == """
                meshcam.toml:2: camera.fps = 900: must be 1 to 120
                meshcam.toml:3: camera.colour: unknown key; allowed in [camera]: source, width, height, fps, bit_rate, audio, seed
                meshcam.toml:5: network.web_port = -1: must be 1 to 65535
                environment MESHCAM_CAMERA_WIDTH: camera.width = "x": must be a whole number, even, 16 to 7680
                """)
    }

    @Test func environmentOverrides() throws {
        let loaded = try load(
            "[camera]\nfps = 15\nsource = \"synthetic\"",
            environment: [
                "MESHCAM_CAMERA_SOURCE": "file:/a b.mp4", "MESHCAM_CAMERA_AUDIO": "off", "MESHCAM_RECORDING_PRE_ROLL": " 1.5 ",
                "MESHCAM_MESH_GROUPS": "home, garden,", "MESHCAM_STORAGE_DIRECTORIES": "", "MESHCAM_STORAGE_SPOOL_BYTES": "64MiB",
                "MESHCAM_NODE_LOG_LEVEL": "warning", "MESHCAM_NETWORK_HTTP_PORT": "8080",
                "MESHCAM_BINARY": "x", "MESHCAM_USER": "y", "PATH": "z",
            ])
        #expect(loaded.settings.camera.source == "file:/a b.mp4")
        #expect(loaded.settings.camera.fps == 15)
        #expect(loaded.settings.camera.audio == false)
        #expect(loaded.settings.recording.preRoll == .milliseconds(1500))
        #expect(loaded.settings.mesh.groups == ["home", "garden"])
        #expect(loaded.settings.storage.directories == [])
        #expect(loaded.settings.storage.spoolBytes == 64 << 20)
        #expect(loaded.settings.node.logLevel == .warning)
        #expect(loaded.settings.network.httpPort == 8080)
        #expect(loaded.origin(of: "camera.source") == .environment("MESHCAM_CAMERA_SOURCE"))
        #expect(loaded.origin(of: "camera.fps") == .file("meshcam.toml", line: 2))
        #expect(loaded.origin(of: "camera.width") == .byDefault)
    }

    @Test(arguments: [
        ("MESHCAM_CAMERA_FPS", "900", "environment MESHCAM_CAMERA_FPS: camera.fps = 900: must be 1 to 120"),
        ("MESHCAM_CAMERA_FSP", "9", "environment MESHCAM_CAMERA_FSP: unknown variable; did you mean MESHCAM_CAMERA_FPS?"),
        ("MESHCAM_CAMERA_AUDIO", "maybe", "environment MESHCAM_CAMERA_AUDIO: camera.audio = \"maybe\": must be true or false"),
        ("MESHCAM_MESH_NONSENSICAL", "", "environment MESHCAM_MESH_NONSENSICAL: unknown variable; `meshcam run --help` lists all"),
    ])
    func badVariable(_ name: String, _ value: String, _ message: String) {
        #expect(refusal("", environment: [name: value])?.description == message)
    }

    @Test func settingsThatContradictEachOther() {
        #expect(
            refusal("[recording]\nminimum_clip = 120\nmaximum_clip = 60")?.description
                == "meshcam.toml:3: recording.maximum_clip = 60: must be at least recording.minimum_clip, which is 120")
        #expect(
            refusal("[recording]\nminimum_clip = 700")?.description
                == "meshcam.toml:2: recording.maximum_clip = 600: must be at least recording.minimum_clip, which is 700")
        #expect(
            refusal("[network]\nhttp_port = 8443")?.description
                == "meshcam.toml:2: network.http_port = 8443: must differ from network.web_port, which is 8443")
        #expect(
            refusal("[network]\nweb_port = 7462")?.description
                == "meshcam.toml:2: network.peer_port = 7462: must differ from network.web_port, which is 7462")
        #expect(
            refusal("[network]\npeer_port = 7463")?.description
                == "meshcam.toml:2: network.pairing_port = 7463: must differ from network.peer_port, which is 7463")
        #expect(refusal("[network]\ngossip_port = 0\npeer_port = 0") == nil, "0 is any free port")
    }

    @Test func passwordsInAddressesAreNotRepeated() throws {
        let message = try #require(refusal("[camera]\nsource = \"http://admin:hunter2@cam/\"")?.description)
        #expect(message.contains("http://…@cam/"))
        #expect(!message.contains("hunter2"))
        #expect(refusal("[camera]\nsource = \"rtsp://admin:hunter2@cam/live\"") == nil)
    }

    @Test func badTextCannotControlTheTerminal() throws {
        let message = try #require(refusal("[camera]\nsource = \"\\u001b[2J\\nfine\"")?.description)
        #expect(!message.contains("\u{1B}") && !message.contains("\n"))
    }

    @Test func aNodeNameMayBeInAnyScriptButOrderly() {
        for name in ["Haustür", "玄関", "👨‍👩‍👧 garden", "a", String(repeating: "x", count: 63)] {
            #expect(refusal("[node]\nname = \"\(name)\"") == nil, "\(name)")
        }
        for name in [" a", "a ", "a\\tb", "\\u202Eevil", String(repeating: "x", count: 64)] {
            #expect(refusal("[node]\nname = \"\(name)\"")?.problems.first?.kind == .badValue, "\(name)")
        }
    }

    @Test(arguments: [
        ("v4l2:/dev/video0", true), ("rpicam", true), ("auto", true), ("synthetic", true), ("file:a.mp4", true), ("rtsps://c/x", true),
        ("v4l2:video0", false), ("file:", false), ("rtsp://", false), ("", false), ("AUTO", false), ("file:a\\u0007", false),
    ])
    func source(_ source: String, _ isAllowed: Bool) {
        #expect((refusal("[camera]\nsource = \"\(source)\"") == nil) == isAllowed)
    }

    /// Every stored property has its key and every key its property, so that none can be forgotten.
    @Test func theListOfKeysIsWhole() {
        var properties: [String] = []
        for section in Mirror(reflecting: Settings(host: Self.host)).children {
            for property in Mirror(reflecting: section.value).children {
                let name = (property.label ?? "").reduce(into: "") { text, character in
                    text += character.isUppercase ? "_" + character.lowercased() : String(character)
                }
                properties.append("\(section.label ?? "").\(name)")
            }
        }
        #expect(properties.count == 33 && Set(Settings.keys.map(\.path)).count == Settings.keys.count)
        #expect(properties == Settings.keys.map(\.path))
    }

    /// Each key sets its own property and no other: two keys that share one would be seen here.
    @Test func everyKeySetsItsOwnProperty() {
        let defaults = Settings(host: Self.host)
        for key in Settings.keys {
            var changed = defaults
            let candidates: [SettingsValue] = [
                .integer(64), .integer(20_000_000), .boolean(false), .number(12.5), .text("debug"), .text("synthetic"), .text("/other"), .text("never"),
                .list([.text("/other")]), .list([.text("other")]), .list([.text("stun:other:1")]),
            ]
            #expect(candidates.contains { key.store($0, &changed) == .stored && key.show(changed) != key.show(defaults) }, "\(key.path)")
            for other in Settings.keys where other.path != key.path {
                #expect(other.show(changed) == other.show(defaults), "\(key.path) changed \(other.path)")
            }
        }
    }

    @Test func whatACameraLendsGrowsWithItsMemory() {
        for (memory, lent) in [(UInt64(512) << 20, 128), (1 << 30, 128), (2 << 30, 256), (4 << 30, 512), (64 << 30, 512), (.max, 512)] {
            let host = HostFacts(hostName: "", userID: 0, environment: [:], memoryBytes: memory)
            #expect(Settings(host: host).storage.replicaBytes == lent << 20)
        }
    }

    @Test func documentationNamesEveryKeyWithItsDefault() {
        let text = Settings.describe()
        for key in Settings.keys {
            #expect(text.contains("  \(key.name)  (default: \(key.defaultText); \(key.expectation))"))
            #expect(text.contains(key.environmentName))
        }
        #expect(text.contains("spool_bytes  (default: 256 MiB;"))
        #expect(text.contains("http_port  (default: off;"))
        #expect(text.contains("log_level  (default: info;"))
    }
}
