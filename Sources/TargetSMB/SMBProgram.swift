import Storage

/// The child process of a target that is an SMB share. A node starts it, with a socket to the node as its standard input.
///
/// A program of its own, because libsmbclient is under the GPL.
@main
enum SMBProgram {
    static func main() {
        Sandbox.enter()
        TargetServer(descriptor: 0).run { location, credentials throws(TargetError) in
            try SMBTarget(location, credentials)
        }
    }
}
