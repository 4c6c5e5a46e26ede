internal import CSandbox
import Foundation

/// What a target's child process gives up before it touches the target.
package enum Sandbox {
    /// Of its life: signals that end the node leave it alone, because the node still needs it; it ends when the node's end of the socket closes.
    /// Of its rights: no descriptor but that socket and the standard ones, no new privileges, no core dump.
    package static func enter() {
        for ignored in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(ignored, SIG_IGN) }
        _ = csandbox_no_new_privileges()
        _ = csandbox_close_from(3)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        umask(0o027)
        chdir("/")
    }

    /// Opens nothing outside of `root` any more, where the kernel can hold it to that.
    ///
    /// - Returns: whether it can.
    @discardableResult
    package static func stay(below root: String) -> Bool { csandbox_stay_below(root) == 0 }
}
