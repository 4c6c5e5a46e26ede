import Foundation
import SwiftProtobuf

/// Frames between a node and a target's child process: see `target.proto`.
///
/// Owns nothing: whoever made the descriptor closes it. Not for two threads at once.
struct TargetChannel {
    enum Failure: Error {
        /// The other side has gone.
        case closed
        case deadline
        /// It does not speak as it should.
        case malformed
    }

    /// A listing of the largest directory that is listed fits well.
    static let messageLimit = 64 << 20
    /// The largest job of a spool fits well.
    static let payloadLimit = 256 << 20

    let descriptor: Int32

    /// - Parameter deadline: nil waits for as long as it takes.
    func send(_ message: some Message, _ payload: [any FragmentBytes] = [], until deadline: ContinuousClock.Instant?) throws(Failure) {
        let bytes = message.wireBytes
        let length = UInt32(bytes.count)
        try send((0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + bytes, until: deadline)
        for part in payload { try send(Bytes(part), until: deadline) }
    }

    func receive<Received: Message>(
        _ type: Received.Type, payload: (Received) -> UInt64, until deadline: ContinuousClock.Instant?
    ) throws(Failure) -> (message: Received, payload: [UInt8]) {
        let length = try receive(4, until: deadline).reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.messageLimit else { throw .malformed }
        guard let message = try? Received(serializedBytes: try receive(length, until: deadline)) else { throw .malformed }
        let count = payload(message)
        guard count <= UInt64(Self.payloadLimit) else { throw .malformed }
        return (message, try receive(Int(count), until: deadline))
    }

    // MARK: -

    private func send(_ bytes: some FragmentBytes, until deadline: ContinuousClock.Instant?) throws(Failure) {
        let failure: Failure? = bytes.withBytes { bytes in
            var done = 0
            while done < bytes.count {
                let sent = Foundation.send(descriptor, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                if sent >= 0 {
                    done += sent
                } else if errno == EAGAIN {
                    if let failure = wait(for: POLLOUT, until: deadline) { return failure }
                } else if errno != EINTR {
                    return .closed
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private func receive(_ count: Int, until deadline: ContinuousClock.Instant?) throws(Failure) -> [UInt8] {
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = recv(descriptor, buffer.baseAddress! + filled, count - filled, Int32(MSG_DONTWAIT))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    failure = .closed
                    return
                } else if errno == EAGAIN {
                    failure = wait(for: POLLIN, until: deadline)
                    if failure != nil { return }
                } else if errno != EINTR {
                    failure = .closed
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func wait(for event: Int32, until deadline: ContinuousClock.Instant?) -> Failure? {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            var timeout: Int32 = -1
            if let deadline {
                let left = deadline - .now
                guard left > .zero else { return .deadline }
                timeout = Int32(min(left / .milliseconds(1), 60_000).rounded(.up))
            }
            // A side that went shows at the next send or receive.
            if poll(&entry, 1, timeout) > 0 { return nil }
        }
    }
}

extension Message {
    /// The wire form. Proto3 messages without `Any` always have one.
    var wireBytes: [UInt8] { (try? serializedBytes()) ?? [] }
}
