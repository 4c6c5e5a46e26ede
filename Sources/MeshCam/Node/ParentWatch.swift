import Foundation

/// A child that must not outlive its parent stops when the pipe that is its standard input ends.
enum ParentWatch {
    static func stopWhenInputEnds() {
        let thread = Thread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            kill(getpid(), SIGTERM)
        }
        thread.name = "parent-watch"
        thread.start()
    }
}
