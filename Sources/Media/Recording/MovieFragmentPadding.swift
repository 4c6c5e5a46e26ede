/// Keeps every `moof` of a file inside one page, by a `free` box (ISO/IEC 14496-12 §8.1.2) before it.
///
/// A process killed in the middle of a write leaves whole pages. Players forgive a torn `mdat`, but a torn `moof` makes FFmpeg, and Chromium
/// with it, refuse the file from its first picture on; so a page must never end inside one.
enum MovieFragmentPadding {
    /// The smallest page of the file systems and processors that we meet, in bytes.
    static let page = 4096
    private static let headerSize = 8

    /// Bytes of padding to put before `fragment` (`moof` and `mdat`) at `position` of its file; 0 where its `moof` fits, or never would.
    static func count(before fragment: [UInt8], at position: Int) -> Int {
        guard fragment.count >= headerSize, fragment[4..<8].elementsEqual("moof".utf8) else { return 0 }
        let size = fragment[..<4].reduce(0) { $0 << 8 | Int($1) }
        let used = position % page
        guard size <= page, used + size > page else { return 0 }
        // A box has a header at least: a shorter gap is filled together with the next page.
        return page - used >= headerSize ? page - used : page - used + page
    }

    static func box(_ count: Int) -> [UInt8] {
        let size = UInt32(count)
        return (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } + Array("free".utf8) + [UInt8](repeating: 0, count: count - headerSize)
    }
}
