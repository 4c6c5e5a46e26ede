import Foundation

/// A video device as `meshcam doctor` shows it.
public struct V4L2DeviceReport: Sendable, Hashable {
    /// The device's path.
    public var path: String
    /// What the driver calls it; empty if it cannot be asked.
    public var name: String
    /// What it offers, as "YUYV 1280x720 at 30"; empty where it is no camera.
    public var formats: [String]
    /// Why it cannot be used, nil if it can.
    public var problem: MediaProblem?
    /// Whether it captures video: encoders and other nodes of a camera do not.
    public var canCapture: Bool
}

/// The video devices of this machine.
public enum V4L2Devices {
    /// All `/dev/video*`, in numeric order. Opens each for a moment; blocks, so call it from a thread that may.
    public static func list() -> [V4L2DeviceReport] {
        paths().map(report)
    }

    /// The first device that captures video in a format we can use.
    static func firstCamera() -> String? {
        list().first { $0.canCapture && $0.problem == nil && !$0.formats.isEmpty }?.path
    }

    static func paths(in directory: String = "/dev") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return
            names
            .compactMap { name in name.dropping(prefix: "video").flatMap(Int.init) }
            .sorted()
            .map { "\(directory)/video\($0)" }
    }

    static func report(path: String) -> V4L2DeviceReport {
        var report = V4L2DeviceReport(path: path, name: "", formats: [], problem: nil, canCapture: false)
        do throws(MediaError) {
            let device = try V4L2Device(path: path)
            let capabilities = try device.capabilities()
            report.name = capabilities.name
            report.canCapture = capabilities.canCapture
            if capabilities.canCapture {
                report.formats = device.formats(wantedWidth: 1920, wantedHeight: 1080, wantedRate: 30).map {
                    "\($0.pixels.rawValue) \($0.width)x\($0.height)"
                        + ($0.framesPerSecond > 0 ? " at \(Int($0.framesPerSecond.rounded()))" : "")
                }
            }
        } catch {
            report.problem = error.problem
        }
        return report
    }
}
