import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore

extension APIClient {
    /// POST of a JSON body whose answer goes to a file.
    ///
    /// - Parameter file: its path; `-`: the standard output; nil: the name that the node gives it, in this directory.
    /// - Returns: where it went, and how long it is. The file appears when all of it has come.
    func download(_ path: String, _ body: some Encodable & Sendable, to file: String?) async throws -> (name: String, bytes: Int64) {
        let response = try await answer(path, try JSONCoding.encoder.encode(body))
        let name = file ?? Self.fileName(response.headers.first(name: "Content-Disposition") ?? "")
        if let missing = response.headers.first(name: HTTPField.Name.meshCamMissing.rawName) {
            FileHandle.standardError.write(Data("not everything may be in it: \(Terminal.printable(missing)) did not answer\n".utf8))
        }
        func failure(_ reason: String) -> TerminalError { TerminalError(message: "cannot write \(SettingsText.shown(name)): \(reason)") }
        // Nothing is written over that was not named.
        if file == nil, FileManager.default.fileExists(atPath: name) { throw failure("it is there already; delete it, or name another file with -o") }
        // A device or a pipe is written as it is.
        var isDevice = false
        var info = stat()
        if name == "-" || stat(name, &info) == 0 && info.st_mode & S_IFMT != S_IFREG { isDevice = true }
        let place = isDevice ? name : "\(name).part"
        let descriptor = name == "-" ? STDOUT_FILENO : open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("\(String(cString: strerror(errno))); name another file with -o") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: name != "-")
        var bytes: Int64 = 0
        do {
            for try await part in response.body {
                try handle.write(contentsOf: Data(buffer: part))
                bytes += Int64(part.readableBytes)
            }
            if name != "-" { try handle.close() }
        } catch {
            if !isDevice { unlink(place) }
            if error is CocoaError { throw failure("\(error.localizedDescription); name another file with -o") }
            throw APIError(error, endpoint: endpoint)
        }
        guard isDevice || rename(place, name) == 0 else { throw failure("\(String(cString: strerror(errno)))") }
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
