import CArchive
import Foundation
import NIOCore

/// A zip archive that is sent while it is made, by libarchive: stored, because video does not shrink. For one task.
final class ZipStream {
    /// What the archive has become and was not taken yet.
    private final class Sink {
        var bytes = ByteBuffer()
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let archive: OpaquePointer
    private let sink = Sink()

    init() throws {
        guard let archive = archive_write_new() else { throw Failure(description: "no memory for an archive") }
        self.archive = archive
        try check(archive_write_set_format_zip(archive))
        // Names are UTF-8 in whatever locale the node runs.
        try check(archive_write_set_options(archive, "zip:compression=store,zip:hdrcharset=UTF-8"))
        // Nothing is held back.
        try check(archive_write_set_bytes_per_block(archive, 0))
        try check(archive_write_open(archive, Unmanaged.passUnretained(sink).toOpaque(), nil, { _, sink, bytes, count in
            // This object owns the sink and outlives the archive, which ends in its deinit.
            guard let sink, let bytes else { return 0 }
            Unmanaged<Sink>.fromOpaque(sink).takeUnretainedValue().bytes.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }, nil))
    }

    deinit { archive_write_free(archive) }

    /// The next file.
    ///
    /// - Parameter size: its bytes, all of which have to follow.
    func begin(_ name: String, size: Int, modified: Date) throws {
        guard let entry = archive_entry_new() else { throw Failure(description: "no memory for an archive") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname_utf8(entry, name)
        archive_entry_set_size(entry, la_int64_t(size))
        archive_entry_set_filetype(entry, 0o100000)  // a regular file
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, time_t(modified.timeIntervalSince1970), 0)
        try check(archive_write_header(archive, entry))
    }

    func write(_ bytes: ByteBuffer) throws {
        let written = bytes.withUnsafeReadableBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
        guard written == bytes.readableBytes else { throw failure }
    }

    func add(_ name: String, _ bytes: ByteBuffer, modified: Date) throws {
        try begin(name, size: bytes.readableBytes, modified: modified)
        try write(bytes)
    }

    /// No file follows.
    func end() throws { try check(archive_write_close(archive)) }

    /// What is to be sent next.
    func take() -> ByteBuffer {
        defer { sink.bytes = ByteBuffer() }
        return sink.bytes
    }

    private func check(_ code: Int32) throws { if code != ARCHIVE_OK { throw failure } }

    private var failure: Failure { Failure(description: archive_error_string(archive).map { String(cString: $0) } ?? "the archive cannot be written") }
}
