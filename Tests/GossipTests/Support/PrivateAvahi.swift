import Foundation
import TestSupport

/// A D-Bus and an avahi-daemon of the test's own, in a mount namespace of their own (avahi insists on one place for its pid
/// file). Needs the Debian packages avahi-daemon and dbus, and root or user namespaces.
final class PrivateAvahi: Sendable {
    let directory = TemporaryDirectory()
    var busAddress: String { "unix:path=\(directory.path)/bus" }

    /// libdbus reads the address once in a process's life: make one of these only, before anything uses the bus.
    init() throws {
        setenv("DBUS_SYSTEM_BUS_ADDRESS", busAddress, 1)
        try write(
            "bus.conf",
            """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" \
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>system</type><listen>\(busAddress)</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
            <allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow receive_type="signal"/>
            <allow send_destination="*"/></policy></busconfig>
            """)
        try write(
            "avahi.conf",
            """
            [server]
            use-ipv4=yes
            use-ipv6=yes
            [wide-area]
            enable-wide-area=no
            [publish]
            publish-workstation=no
            publish-hinfo=no
            """)
    }

    func startBus() throws -> ChildProcess {
        try? FileManager.default.removeItem(atPath: "\(directory.path)/bus")
        return try start("dbus-daemon", ["--config-file=\(directory.path)/bus.conf", "--nofork", "--nopidfile"])
    }

    /// Ends by itself while the bus is not there yet, so the bus's socket is waited for.
    func startDaemon() throws -> ChildProcess {
        let isRoot = geteuid() == 0
        let script = """
            mkdir -p /run/avahi-daemon; mount -t tmpfs tmpfs /run/avahi-daemon || exit 1
            for i in $(seq 100); do [ -S "$0/bus" ] && break; sleep 0.05; done
            exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0/avahi.conf"
            """
        return try start("unshare", (isRoot ? ["--mount"] : ["--mount", "--map-root-user"]) + ["sh", "-c", script, directory.path])
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(directory.path)/\(name)", atomically: true, encoding: .utf8)
    }

    private func start(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess([program] + arguments, errors: "\(directory.path)/\(program).log")
    }
}
