import AsyncHTTPClient
import Foundation
import NIOCore

extension APIClient {
    /// POST of a JSON body whose answer goes to a file.
    ///
    /// - Parameter file: its path; `-`: the standard output; nil: the name that the node gives it, in this directory.
    /// - Returns: where it went, and how long it is. A file that did not come whole is deleted.
    func download(_ path: String, _ body: some Encodable & Sendable, to file: String?) async throws -> (name: String, bytes: Int64) {
        let response = try await answer(path, try JSONCoding.encoder.encode(body))
        let name = file ?? Self.fileName(response.headers.first(name: "Content-Disposition") ?? "")
        var bytes: Int64 = 0
        let descriptor = name == "-" ? STDOUT_FILENO : open(name, O_WRONLY | O_CREAT | O_CLOEXEC | (file == nil ? O_EXCL : O_TRUNC), 0o644)
        guard descriptor >= 0 else {
            let cure = errno == EEXIST ? "delete it, or name another file with -o" : "name another file with -o"
            throw TerminalError(message: "cannot write \(SettingsText.shown(name)): \(String(cString: strerror(errno))); \(cure)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: name != "-")
        do {
            for try await part in response.body {
                try handle.write(contentsOf: Data(buffer: part))
                bytes += Int64(part.readableBytes)
            }
            if name != "-" { try handle.close() }
        } catch {
            if name != "-" { unlink(name) }
            if error is CocoaError { throw TerminalError(message: "cannot write \(SettingsText.shown(name)): \(error.localizedDescription); name another file with -o") }
            throw APIError(error, endpoint: endpoint)
        }
        return (name, bytes)
    }

    /// Of a name that a server gives only its last part, and of that only what is harmless.
    static func fileName(_ disposition: String) -> String {
        let told = disposition.split(separator: "filename=\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
        let safe = told.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" }
        let name = String(safe.drop { $0 == "." || $0 == "-" })
        return name.isEmpty ? "export" : name
    }
}
