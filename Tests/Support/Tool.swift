import Foundation

/// Runs a program to its end and answers what it printed.
public struct Tool {
    /// Its exit code; -1 when a signal ended it.
    public let status: Int32
    public let output, errors: String

    /// - Parameter input: what it reads.
    public init(_ command: [String], input: String = "") throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "meshcam-tool-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Files, not pipes: no amount of output can block the program.
        try input.write(toFile: "\(directory)/in", atomically: true, encoding: .utf8)
        let process = try ChildProcess(command, input: "\(directory)/in", output: "\(directory)/out", errors: "\(directory)/err")
        status = try process.wait()
        output = try String(contentsOfFile: "\(directory)/out", encoding: .utf8)
        errors = try String(contentsOfFile: "\(directory)/err", encoding: .utf8)
    }
}
