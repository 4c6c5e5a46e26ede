import ArgumentParser
import Foundation
import Gossip
import Logging
import Media

/// `meshcam doctor`: what this machine has and lacks, one line each, with the cure.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check this machine: camera, encoder, storage, clock, mDNS, certificate, ports.",
        discussion: "Exit code 1 when something a node needs is missing. A node that runs has its ports, and that is fine.")

    @Option(help: "The only settings file to read.") var config: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        do {
            let settings = try Settings.load(config: config).settings
            let findings = await Doctor(settings: settings).examine()
            if json {
                print(String(decoding: try JSONCoding.prettyEncoder.encode(findings), as: UTF8.self))
            } else {
                let width = findings.map(\.subject.count).max() ?? 0
                for finding in findings {
                    let subject = finding.subject.padding(toLength: width, withPad: " ", startingAt: 0)
                    print("\(finding.verdict.mark) \(subject)  \(finding.detail)" + (finding.cure.map { ". \($0)" } ?? ""))
                }
            }
            if findings.contains(where: { $0.verdict == .broken }) { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            CommandLine.fail(error)
        }
    }
}

/// Looks at each part that a node needs.
struct Doctor: Sendable {
    struct Finding: Codable, Sendable {
        enum Verdict: String, Codable, Sendable {
            /// As it should be.
            case good
            /// A node runs, with less.
            case limited
            /// A node cannot run, or cannot do what its settings say.
            case broken

            var mark: String {
                switch self {
                case .good: "ok  "
                case .limited: "note"
                case .broken: "FAIL"
                }
            }
        }

        var subject: String
        var verdict: Verdict
        var detail: String
        /// What to do about it. Absent when nothing needs doing.
        var cure: String?
    }

    let settings: Settings

    func examine() async -> [Finding] {
        [camera] + encoders + [microphone] + storage + [state, clock, await mDNS, await certificate] + ports
    }

    private var camera: Finding {
        let source = settings.camera.source
        if source.hasPrefix("file:") {
            let path = String(source.dropFirst(5))
            return FileManager.default.isReadableFile(atPath: path)
                ? Finding(subject: "camera", verdict: .good, detail: "\(source) is readable")
                : Finding(subject: "camera", verdict: .broken, detail: "\(path) cannot be read", cure: "Name a video file under camera.source.")
        }
        if source == "synthetic" { return Finding(subject: "camera", verdict: .good, detail: "the generated scene") }
        let devices = V4L2Devices.list().filter(\.canCapture)
        let wanted = source.hasPrefix("v4l2:") ? String(source.dropFirst(5)) : nil
        if let device = devices.first(where: { wanted == nil ? $0.problem == nil : $0.path == wanted }) {
            if let problem = device.problem {
                return Finding(subject: "camera", verdict: .broken, detail: problem.message, cure: problem.cure)
            }
            return Finding(subject: "camera", verdict: .good, detail: "\(device.path) \(device.name): \(device.formats.joined(separator: ", "))")
        }
        return wanted.map {
            Finding(subject: "camera", verdict: .broken, detail: "\($0) is no camera", cure: "Plug it in, or set camera.source to auto.")
        } ?? Finding(subject: "camera", verdict: .limited, detail: "none found: this node shows the others' cameras", cure: "Plug one in.")
    }

    private var encoders: [Finding] {
        let reports = EncoderProbe.probe()
        let working = reports.filter(\.works)
        if working.isEmpty {
            let why = reports.map { "\($0.name): \($0.problem?.message ?? "?")" }.joined(separator: "; ")
            return [Finding(subject: "encoder", verdict: .broken, detail: "none works (\(why))", cure: "Install libavcodec with libx264.")]
        }
        return [Finding(subject: "encoder", verdict: .good, detail: working.map(\.name).joined(separator: ", then "))]
    }

    private var microphone: Finding {
        let isThere = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/snd"))?.contains { $0.hasPrefix("pcm") && $0.hasSuffix("c") } ?? false
        return isThere
            ? Finding(subject: "microphone", verdict: .good, detail: "a capture device is there")
            : Finding(subject: "microphone", verdict: .limited, detail: "none found: pictures without sound")
    }

    private var storage: [Finding] {
        if settings.storage.directories.isEmpty {
            return [
                Finding(
                    subject: "storage", verdict: .limited, detail: "none set: only the newest clips are kept, in memory",
                    cure: "Name a directory under storage.directories.")
            ]
        }
        return settings.storage.directories.map { directory in
            guard let space = Self.freeSpace(directory) else {
                return Finding(subject: "storage", verdict: .broken, detail: "\(directory) is not there", cure: "Create it, or mount the share there.")
            }
            guard access(directory, W_OK) == 0 else {
                return Finding(subject: "storage", verdict: .broken, detail: "\(directory) cannot be written", cure: "Let this user write there.")
            }
            return Finding(subject: "storage", verdict: .good, detail: "\(directory), \(space.formatted(.byteCount(style: .file))) free")
        }
    }

    private static func freeSpace(_ path: String) -> Int64? {
        (try? FileManager.default.attributesOfFileSystem(forPath: path))?[.systemFreeSize].flatMap { ($0 as? NSNumber)?.int64Value }
    }

    /// The state directory, or the nearest one above it that exists, must take files.
    private var state: Finding {
        var directory = URL(filePath: settings.node.state)
        while !FileManager.default.fileExists(atPath: directory.path), directory.path != "/" { directory.deleteLastPathComponent() }
        return access(directory.path, W_OK) == 0
            ? Finding(subject: "identity", verdict: .good, detail: "kept in \(settings.node.state)")
            : Finding(
                subject: "identity", verdict: .broken, detail: "\(settings.node.state) cannot be written",
                cure: "Let this user write there, or set node.state.")
    }

    private var clock: Finding {
        let quality = WallClock().quality
        guard quality.source == .ntp else {
            return Finding(
                subject: "clock", verdict: .limited, detail: "nothing keeps it right; recordings may carry a wrong time",
                cure: "Enable systemd-timesyncd or chrony.")
        }
        let bound = quality.uncertaintySeconds.map { " within \($0.formatted(.number.precision(.fractionLength(3)))) s" } ?? ""
        return Finding(subject: "clock", verdict: .good, detail: "kept by NTP\(bound)")
    }

    private var mDNS: Finding {
        get async {
            let (statuses, continuation) = AsyncStream.makeStream(of: DiscoveryStatus.self)
            let discovery = AvahiDiscovery(logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            // Ended by the defer below, before the finding is returned.
            let looking = Task {
                try await discovery.run(publishing: nil) { event in
                    if case .status(let status) = event { continuation.yield(status) }
                }
            }
            defer { looking.cancel() }
            let found = try? await withDeadline(.seconds(3)) { for await status in statuses where status != .starting { return status }; return .starting }
            switch found {
            case .running: return Finding(subject: "mDNS", verdict: .good, detail: "avahi-daemon answers")
            case .noDaemon(let why): return Finding(subject: "mDNS", verdict: .limited, detail: why)
            case .starting, nil:
                return Finding(
                    subject: "mDNS", verdict: .limited, detail: "avahi-daemon gives no answer",
                    cure: "Restart avahi-daemon, or name other nodes under network.seeds.")
            }
        }
    }

    private var ports: [Finding] {
        do {
            try PortCheck(settings.network).run()
            return [Finding(subject: "ports", verdict: .good, detail: "all free")]
        } catch let error as NodeError {
            return [Finding(subject: "ports", verdict: .limited, detail: error.message, cure: error.cure)]
        } catch {
            return [Finding(subject: "ports", verdict: .limited, detail: "\(error)")]
        }
    }
}
