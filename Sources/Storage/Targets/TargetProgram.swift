import Foundation

/// Which program speaks to a target, and where it is.
enum TargetProgram {
    /// The one for SMB is a program of its own because it links libsmbclient, which is under the GPL.
    static func name(for location: TargetLocation) -> String {
        switch location.kind {
        case .directory: "meshcam-directory"
        case .smb: "meshcam-smb"
        }
    }

    /// Beside the running program, as a build leaves them, or where a package puts what nobody starts by hand.
    static func path(for location: TargetLocation) throws(TargetError) -> String {
        let name = name(for: location)
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let folder = URL(filePath: own).deletingLastPathComponent().path
        let places = ["\(folder)/\(name)", "\(folder)/../libexec/meshcam/\(name)"]
        guard let path = places.first(where: { access($0, X_OK) == 0 }) else {
            throw TargetError(operation: "start", path: places[0], code: ENOENT, cure: "Install meshcam again: \(name), which speaks to this storage, is missing.")
        }
        return path
    }
}
