import Foundation

/// Tells when this machine's addresses may have changed: the kernel says so by rtnetlink(7), within a millisecond, so that peers need
/// not wait for anybody's timer.
///
/// The messages are not read beyond that something came: what the addresses are now, ``InterfaceAddresses`` asks anyway.
struct AddressMonitor: Sendable {
    /// One element for any number of changes since the last one was taken. Ends when its reader is cancelled.
    let changes: AsyncStream<Void>

    /// RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR of linux/rtnetlink.h, which Swift does not see.
    private static let groups: UInt32 = 0x1 | 0x10 | 0x100

    /// `nil` where the kernel has no such socket: then only the timer finds changes.
    init?() {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // struct sockaddr_nl: family, padding, port (0: the kernel chooses), groups; each in the machine's own byte order.
        var address: (UInt16, UInt16, UInt32, UInt32) = (UInt16(AF_NETLINK), 0, 0, Self.groups)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, 12) }
        }
        var pipe: [Int32] = [-1, -1]
        guard bound == 0, socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pipe) == 0 else {
            close(descriptor)
            return nil
        }
        let (wake, ours) = (pipe[0], pipe[1])
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.onTermination = { _ in close(ours) }
        self.changes = changes
        let thread = Thread {
            Self.wait(on: descriptor, until: wake) { continuation.yield() }
            close(descriptor)
            close(wake)
        }
        thread.name = "addresses"
        thread.start()
    }

    private static func wait(on descriptor: Int32, until wake: Int32, _ changed: () -> Void) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        var polls = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        while true {
            guard poll(&polls, 2, -1) > 0 else { continue }
            if polls[1].revents != 0 { return }
            // Too many changes at once (ENOBUFS) are a change as well.
            while recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)) >= 0 || errno == ENOBUFS {}
            changed()
        }
    }
}
