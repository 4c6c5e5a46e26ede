import Foundation
import Media
import Synchronization

/// A screen in memory (Xvfb), and a program that films it (FFmpeg): what somebody would see.
final class BenchScreen: Sendable {
    /// As X names it, `:1`.
    let display: String
    let width: Int
    let height: Int
    private let server: Process

    /// A browser may put a bar above the page.
    private static let slack = 120
    /// Pictures a second; a picture is seen half of that late on average.
    static let rate = 60

    init(width: Int, height: Int) throws {
        for (name, package) in [("Xvfb", "xvfb"), ("ffmpeg", "ffmpeg")] where Command.path(of: name) == nil {
            throw NodeError("\(name) is missing, which shows what is displayed", cure: "Install the package \(package), or measure without --displayed.")
        }
        (self.width, self.height) = (width, height)
        server = Process()
        server.executableURL = URL(filePath: "/usr/bin/env")
        server.arguments = ["Xvfb", "-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp"]
        let output = Pipe()
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = output
        server.standardError = FileHandle.nullDevice
        try server.runHearingSignals()
        guard let number = try output.fileHandleForReading.read(upToCount: 16).map({ String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }),
            Int(number) != nil
        else { throw NodeError("Xvfb did not start", cure: "Try: Xvfb -displayfd 1") }
        display = ":\(number)"
    }

    func end() {
        server.terminate()
        server.waitUntilExit()
    }

    /// Films until `isOver`: how old each picture of a video in the top left corner was when it was first seen, in milliseconds. Blocking.
    ///
    /// - Parameter width: the video's.
    func ages(width: Int, until isOver: () -> Bool) throws -> [Double] {
        let columns = CaptureStamp.columns(width: width)
        let filmed = CaptureStamp.margin + columns * CaptureStamp.block
        let lines = CaptureStamp.margin + CaptureStamp.rows(width: width) * CaptureStamp.block
        let film = Process()
        film.executableURL = URL(filePath: "/usr/bin/env")
        film.arguments = [
            "ffmpeg", "-v", "error", "-f", "x11grab", "-draw_mouse", "0", "-framerate", "\(Self.rate)", "-video_size", "\(filmed)x\(lines + Self.slack)", "-i", display,
            "-pix_fmt", "gray", "-f", "rawvideo", "-",
        ]
        let output = Pipe()
        film.standardInput = FileHandle.nullDevice
        film.standardOutput = output
        // Its last words are that nobody reads any more.
        film.standardError = FileHandle.nullDevice
        try film.runHearingSignals()
        defer {
            film.terminate()
            // It ends only once it has got rid of what it filmed.
            try? output.fileHandleForReading.close()
            film.waitUntilExit()
        }
        var picture = [UInt8](repeating: 0, count: filmed * (lines + Self.slack))
        var ages: [Double] = []
        var last: CaptureStamp?
        var top: Int?
        while !isOver(), Self.fill(&picture, from: output.fileHandleForReading.fileDescriptor) {
            let now = CaptureStamp.now()
            for offset in top.map({ $0...$0 }) ?? 0...Self.slack {
                let part = picture[(offset * filmed)...]
                guard let stamp = CaptureStamp(luma: part.span, width: filmed) else { continue }
                top = offset
                if stamp != last { ages.append(Double(now.milliseconds) - Double(stamp.milliseconds)) }
                last = stamp
                break
            }
        }
        return ages
    }

    private static func fill(_ bytes: inout [UInt8], from descriptor: Int32) -> Bool {
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            filled += count
        }
        return true
    }
}
