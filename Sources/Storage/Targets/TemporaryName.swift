/// Where the bytes of a file lie until they are put in its place: hidden, beside it.
package enum TemporaryName {
    private static let ending = ".part"

    package static func of(_ file: String) -> String {
        let slash = file.lastIndex(of: "/")
        let name = slash.map { file[file.index(after: $0)...] } ?? file[...]
        return (slash.map { file[...$0] } ?? "") + "." + name + ending
    }
}
