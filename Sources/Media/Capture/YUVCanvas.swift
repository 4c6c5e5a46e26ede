/// The three planes of a picture being made, 8 bit YUV 4:2:0. Valid only inside the call that lends it.
struct YUVCanvas {
    let y: UnsafeMutablePointer<UInt8>
    let u: UnsafeMutablePointer<UInt8>
    let v: UnsafeMutablePointer<UInt8>
    /// Bytes from one row to the next.
    let lumaStride: Int
    let chromaStride: Int
    /// Size in pixels, even.
    let width: Int
    let height: Int
}
