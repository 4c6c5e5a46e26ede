/// The size of a still: as wide as asked for but never wider than the picture, even, of the picture's shape.
struct StillSize: Hashable {
    let width: Int
    let height: Int

    /// - Parameter wanted: nil for the picture's own size; small values are raised to 16.
    init(width wanted: Int?, pictureWidth: Int, pictureHeight: Int) {
        guard let wanted, wanted < pictureWidth, pictureWidth > 0 else {
            width = pictureWidth
            height = pictureHeight
            return
        }
        width = max(16, wanted) & ~1
        height = max(2, (pictureHeight * width / pictureWidth + 1) & ~1)
    }

    init(width wanted: Int?, of picture: Picture) {
        self.init(width: wanted, pictureWidth: picture.width, pictureHeight: picture.height)
    }
}
