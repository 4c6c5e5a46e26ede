import Foundation

/// The child's side of a target: does what the node asks, one thing after the other, until the node goes.
///
/// It trusts the node with what is asked for, but for names that lead out of the target's root.
package struct TargetServer {
    /// What one reading may ask for.
    static let readLimit = 16 << 20

    private let channel: TargetChannel

    /// - Parameter descriptor: a stream socket to the node.
    package init(descriptor: Int32) {
        channel = TargetChannel(descriptor: descriptor)
    }

    /// - Parameter open: makes the target, once the node has said which.
    package func run(_ open: (TargetLocation, TargetCredentials) throws(TargetError) -> any TargetFiles) {
        do {
            let opening = try channel.receive(WireTargetOpening.self, payload: { _ in 0 }, until: nil).message
            let files: any TargetFiles
            do throws(TargetError) {
                guard let location = try? TargetLocation(opening.location) else {
                    throw TargetError(operation: "open", path: opening.location, code: EINVAL)
                }
                files = try open(location, TargetCredentials(user: opening.user, password: opening.password, domain: opening.domain))
            } catch {
                try answer(error)
                return
            }
            try channel.send(WireTargetReply(), until: nil)
            while true {
                let (request, payload) = try channel.receive(WireTargetRequest.self, payload: \.payloadBytes, until: nil)
                do throws(TargetError) {
                    let (reply, bytes) = try Self.perform(request, payload, on: files)
                    try? channel.send(reply, [bytes], until: nil)
                } catch {
                    try answer(error)
                }
            }
        } catch {
            // The node has gone, or is not one.
        }
    }

    private func answer(_ error: TargetError) throws(TargetChannel.Failure) {
        var reply = WireTargetReply()
        reply.errorCode = error.code
        reply.errorOperation = error.operation
        reply.errorPath = error.path
        try channel.send(reply, until: nil)
    }

    private static func perform(
        _ request: WireTargetRequest, _ payload: [UInt8], on files: any TargetFiles
    ) throws(TargetError) -> (WireTargetReply, [UInt8]) {
        let file = request.file
        // Names that lead out of the root, or that no file system has.
        guard file.utf8.count <= 4000, !file.utf8.contains(0), !file.hasPrefix("/"), !file.split(separator: "/").contains("..") else {
            throw TargetError(operation: "use", path: file, code: EINVAL)
        }
        let offset = Int(clamping: request.offset), count = Int(clamping: request.count)
        var reply = WireTargetReply()
        var bytes: [UInt8] = []
        switch request.operation {
        case .probe: try files.probe()
        case .write: try files.write([payload], at: offset, of: file)
        case .replace: try files.replace(file, with: payload)
        case .truncate: try files.truncate(file, to: offset)
        case .read: bytes = try files.read(file, at: offset, count: min(count, readLimit))
        case .digest: bytes = try files.digest(file, at: offset, count: count)
        case .look: reply.entries = [WireTargetEntry(try files.look(at: file))]
        case .remove: try files.remove(file)
        case .list: reply.entries = try files.list(file).map(WireTargetEntry.init)
        case .space:
            let space = try files.space()
            (reply.freeBytes, reply.totalBytes) = (UInt64(clamping: space.free), UInt64(clamping: space.total))
        case .unknown, .UNRECOGNIZED: throw TargetError(operation: "understand", path: file, code: ENOSYS)
        }
        reply.payloadBytes = UInt64(bytes.count)
        return (reply, bytes)
    }
}

extension WireTargetEntry {
    init(_ entry: TargetEntry) {
        self.init()
        name = entry.name
        isDirectory = entry.isDirectory
        size = UInt64(clamping: entry.size)
        modifiedSeconds = Int64(entry.modified.seconds)
        modifiedNanoseconds = UInt32(clamping: entry.modified.nanoseconds)
    }
}

extension TargetEntry {
    init(_ entry: WireTargetEntry) {
        self.init(
            name: entry.name, isDirectory: entry.isDirectory, size: Int(clamping: entry.size),
            modified: Modified(seconds: Int(entry.modifiedSeconds), nanoseconds: Int(entry.modifiedNanoseconds)))
    }
}
