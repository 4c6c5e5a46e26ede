import Foundation

/// What the defaults depend on: the machine and the user.
struct HostFacts: Sendable, Equatable {
    /// The machine's host name.
    var hostName: String
    /// Effective user id; 0 is root.
    var userID: UInt32
    /// Environment variables.
    var environment: [String: String]
    /// Of the machine. Default: as little as a camera may have.
    var memoryBytes: UInt64 = 1 << 30

    /// This process's own.
    static var current: HostFacts {
        HostFacts(hostName: Self.readHostName(), userID: geteuid(), environment: ProcessInfo.processInfo.environment,
            memoryBytes: ProcessInfo.processInfo.physicalMemory)
    }

    var isRoot: Bool { userID == 0 }

    /// Memory to lend to other cameras: an eighth of it, 128 MiB to 512 MiB.
    var replicaBytes: Int { min(512 << 20, max(128 << 20, Int(clamping: memoryBytes / 8))) }

    /// The host name up to the first dot, made into a valid node name.
    var nodeName: String {
        let first = hostName.prefix { $0 != "." }
        let printable = first.unicodeScalars.filter { SettingsText.isPrintable($0) }
        let name = String(String.UnicodeScalarView(printable).prefix(63))
        return name.isEmpty || name == "localhost" ? "camera" : name
    }

    /// Files that must last.
    var stateDirectory: String {
        if isRoot { return "/var/lib/meshcam" }
        if let base = absolute("XDG_STATE_HOME") { return base + "/meshcam" }
        if let home = absolute("HOME") { return home + "/.local/state/meshcam" }
        return "/tmp/meshcam-\(userID)/state"
    }

    /// Files that need not outlive the boot.
    var runtimeDirectory: String {
        if isRoot { return "/run/meshcam" }
        if let base = absolute("XDG_RUNTIME_DIR") { return base + "/meshcam" }
        return "/tmp/meshcam-\(userID)"
    }

    /// A directory named by a variable; relative ones are ignored, as the XDG Base Directory Specification asks.
    private func absolute(_ variable: String) -> String? {
        guard let path = environment[variable], path.hasPrefix("/") else { return nil }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func readHostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let status = gethostname(&buffer, buffer.count - 1)
        guard status == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
