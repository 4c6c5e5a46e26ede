import Foundation
import Testing

@testable import MeshCam

@Suite struct SettingsFilesTests {
    private let host = HostFacts(hostName: "porch", userID: 1000, environment: [:])
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func refusal(_ file: String) -> String? {
        do throws(SettingsError) {
            _ = try Settings.load(config: file, environment: [:], host: host)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func laterFilesOverrideEarlierOnes() throws {
        let boot = try directory.file("boot.toml", "[camera]\nfps = 10\nwidth = 640")
        let system = try directory.file("etc.toml", "[camera]\nfps = 20")
        let loaded = try Settings.load(
            files: [boot, directory.path + "/none.toml", system], required: false, environment: ["MESHCAM_CAMERA_HEIGHT": "480"], host: host)
        #expect(loaded.settings.camera.fps == 20)
        #expect(loaded.settings.camera.width == 640)
        #expect(loaded.settings.camera.height == 480)
        #expect(loaded.origin(of: "camera.fps") == .file(system, line: 2))
        #expect(loaded.origin(of: "camera.width") == .file(boot, line: 3))
    }

    @Test func problemsOfAllFilesAreReported() throws {
        let one = try directory.file("one.toml", "[camera]\nfps = 0")
        let two = try directory.file("two.toml", "[camera")
        do {
            _ = try Settings.load(files: [one, two], required: false, environment: [:], host: host)
            Issue.record("two bad files were accepted")
        } catch {
            #expect(error.problems.map(\.kind) == [.badValue, .syntax])
            #expect(error.description.hasPrefix("\(one):2: camera.fps = 0: must be 1 to 120\n\(two):1: not valid TOML"))
        }
    }

    @Test func aNamedFileMustBeReadable() throws {
        #expect(
            refusal(directory.path + "/none.toml")
                == "\(directory.path)/none.toml: cannot be read: No such file or directory; name a file that exists with --config")
        #expect(refusal(directory.path) == "\(directory.path): is not a file; name a TOML file")
        let latin = directory.path + "/latin.toml"
        try Data([0x5B, 0xFC, 0x5D]).write(to: URL(fileURLWithPath: latin))
        #expect(refusal(latin) == "\(latin): is not UTF-8 text; save it as UTF-8")
        let large = try directory.file("large.toml", String(repeating: "#\n", count: 1 << 20))
        #expect(refusal(large) == "\(large): is larger than 1 MiB; name a TOML file")
        let pipe = directory.path + "/pipe.toml"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(refusal(pipe) == "\(pipe): is not a file; name a TOML file")
    }

    @Test func windowsEditorsAreWelcome() throws {
        let file = try directory.file("windows.toml", "\u{FEFF}[camera]\r\n\r\nfps = 12\r\ncolour = 1\r\n")
        #expect(refusal(file)?.hasPrefix("\(file):4: camera.colour: unknown key") == true)
    }

    @Test func defaultsDependOnTheUser() {
        func facts(_ environment: [String: String], userID: UInt32 = 1000, name: String = "porch") -> HostFacts {
            HostFacts(hostName: name, userID: userID, environment: environment)
        }
        #expect(facts(["XDG_STATE_HOME": "/s/", "HOME": "/h"]).stateDirectory == "/s/meshcam")
        #expect(facts(["XDG_STATE_HOME": "relative", "HOME": "/h"]).stateDirectory == "/h/.local/state/meshcam")
        #expect(facts([:]).stateDirectory == "/tmp/meshcam-1000/state")
        #expect(facts(["XDG_RUNTIME_DIR": "/run/user/1000"]).runtimeDirectory == "/run/user/1000/meshcam")
        #expect(facts([:]).runtimeDirectory == "/tmp/meshcam-1000")
        #expect(facts(["XDG_RUNTIME_DIR": "/x"], userID: 0).runtimeDirectory == "/run/meshcam")
        #expect(facts([:], name: "localhost.localdomain").nodeName == "camera")
        #expect(facts([:], name: "").nodeName == "camera")
        #expect(facts([:], name: String(repeating: "ä", count: 80)).nodeName.count == 63)
        #expect(HostFacts.current.userID == geteuid())
        #expect(SettingsText.isName(HostFacts.current.nodeName))
    }
}
