import Foundation

/// A Chromium with a profile of its own, on a screen or on none.
final class BenchBrowser {
    private let process = Process()
    private let profile: String

    /// What the program is called, by system.
    private static let names = ["chromium", "chromium-browser", "google-chrome"]

    /// - Parameter screen: which it covers; nil: none.
    init(_ url: String, on screen: BenchScreen?) throws {
        guard let program = Self.names.lazy.compactMap(Command.path(of:)).first else {
            throw NodeError("there is no Chromium here", cure: "Install the package chromium.")
        }
        profile = NSTemporaryDirectory() + "meshcam-bench-" + UUID().uuidString
        process.executableURL = URL(filePath: program)
        // The sandbox cannot be made by root of a namespace, and the page is ours.
        var arguments = [
            "--no-sandbox", "--test-type", "--user-data-dir=\(profile)", "--no-first-run", "--disable-sync", "--disable-background-networking", "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
        ]
        if let screen {
            arguments += ["--kiosk", "--window-position=0,0", "--window-size=\(screen.width),\(screen.height)", "--ozone-platform=x11"]
            process.environment = ProcessInfo.processInfo.environment.merging(["DISPLAY": screen.display]) { $1 }
        } else {
            arguments.append("--headless=new")
        }
        process.arguments = arguments + [url]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        // It says much that means nothing here.
        process.standardError = FileHandle.nullDevice
        try process.runHearingSignals()
    }

    func end() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: profile)
    }
}

extension Command {
    /// Where the shell would find a program.
    static func path(of name: String) -> String? {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        return places.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
