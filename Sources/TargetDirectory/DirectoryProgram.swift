import Storage

/// The child process of a target that is a directory. A node starts it, with a socket to the node as its standard input.
@main
enum DirectoryProgram {
    static func main() {
        Sandbox.enter()
        TargetServer(descriptor: 0).run { location, _ throws(TargetError) in
            guard case .directory(let root) = location.kind else { throw TargetError.notServedHere(location) }
            // The root may come later, and a process that was started before it was mounted would hold to what was there.
            let target = DirectoryTarget(root: root)
            _ = try target.look(at: "")
            Sandbox.stay(below: root)
            return target
        }
    }
}
