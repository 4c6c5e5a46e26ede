import Foundation

extension Settings {
    /// Where settings are looked for without `--config`; a later file overrides an earlier one.
    static let standardFiles = ["/boot/firmware/meshcam.toml", "/etc/meshcam/meshcam.toml"]

    /// Reads this machine's settings: defaults, then files, then the environment.
    ///
    /// - Parameters:
    ///   - config: the only file to read; it must exist. Nil: ``standardFiles``, where they exist.
    ///   - environment: where `MESHCAM_…` variables come from.
    ///   - host: what the defaults depend on.
    /// - Throws: every problem found, each with file, line, key and what is allowed.
    static func load(
        config: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment, host: HostFacts = .current
    ) throws(SettingsError) -> LoadedSettings {
        try load(files: config.map { [$0] } ?? standardFiles, required: config != nil, environment: environment, host: host)
    }

    static func load(
        files: [String], required: Bool, environment: [String: String], host: HostFacts
    ) throws(SettingsError) -> LoadedSettings {
        var reader = SettingsReader(defaults: Settings(host: host))
        for file in files {
            do throws(SettingsError) {
                guard let text = try read(file, required: required) else { continue }
                reader.apply(try TOMLDocument(file: file, text: text))
            } catch {
                reader.add(error)
            }
        }
        reader.apply(environment: environment)
        let loaded = try reader.finish()
        try CertificateFiles.check(loaded)
        return loaded
    }

    /// Settings are a page, not a book; more than this is some other file.
    private static let largestFileBytes = 1 << 20

    /// A file's text; nil when it does not exist and need not.
    private static func read(_ path: String, required: Bool) throws(SettingsError) -> String? {
        func refusal(_ message: String) -> SettingsError {
            SettingsError(problems: [
                SettingsProblem(kind: .unreadable, origin: .file(path, line: nil), key: nil, message: message)
            ])
        }
        // Non-blocking, so that a named pipe is refused below instead of waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR, !required { return nil }
            let cure = code == EACCES ? "let this user read it, or run as one who may" : "name a file that exists with --config"
            throw refusal("cannot be read: \(String(cString: strerror(code))); \(cure)")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw refusal("is not a file; name a TOML file")
        }
        var bytes = [UInt8](repeating: 0, count: largestFileBytes + 1)
        var count = 0
        while count < bytes.count {
            let received = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count) }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else {
                throw refusal("cannot be read: \(String(cString: strerror(errno))); check the disk or card")
            }
            if received == 0 { break }
            count += received
        }
        guard count <= largestFileBytes else { throw refusal("is larger than 1 MiB; name a TOML file") }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw refusal("is not UTF-8 text; save it as UTF-8")
        }
        return text
    }
}
