/// Whether an encoder works here, as `meshcam doctor` shows it.
public struct EncoderReport: Sendable, Hashable {
    /// The encoder's name in libavcodec.
    public var name: String
    public var works: Bool
    /// Why it does not work; nil if it does.
    public var problem: MediaProblem?
}

/// Finds out which H.264 encoders truly work, by encoding a picture with each.
public enum EncoderProbe {
    /// Tries all known encoders on one 320x240 picture. Takes milliseconds; blocks, so call it from a thread that may.
    public static func probe() -> [EncoderReport] {
        let configuration = H264Encoder.Configuration(width: 320, height: 240, framesPerSecond: 30, bitRate: 1_000_000)
        return H264Encoder.candidates.map { name in
            do throws(MediaError) {
                _ = try tested(name, configuration)
                return EncoderReport(name: name, works: true, problem: nil)
            } catch {
                return EncoderReport(name: name, works: false, problem: error.problem)
            }
        }
    }

    /// The first encoder that opens and encodes at this configuration, opened anew and unused.
    static func firstWorking(_ configuration: H264Encoder.Configuration) throws(MediaError) -> H264Encoder {
        var last: MediaError?
        for name in H264Encoder.candidates {
            do throws(MediaError) {
                // The software encoder shows at its first picture whether it works; hardware has to prove it beforehand.
                if name != "libx264" { _ = try tested(name, configuration) }
                return try H264Encoder(name: name, configuration: configuration)
            } catch {
                last = error
            }
        }
        throw last
            ?? MediaError(operation: "open a video encoder", text: "none is known", cure: "Install Debian's libavcodec.")
    }

    private static func tested(_ name: String, _ configuration: H264Encoder.Configuration) throws(MediaError) -> Bool {
        let encoder = try H264Encoder(name: name, configuration: configuration)
        let pool = try PicturePool(width: configuration.width, height: configuration.height)
        let grey = try pool.picture(captured: .now, duration90k: 3000) { canvas in
            canvas.y.update(repeating: 128, count: canvas.lumaStride * canvas.height)
            canvas.u.update(repeating: 128, count: canvas.chromaStride * canvas.height / 2)
            canvas.v.update(repeating: 128, count: canvas.chromaStride * canvas.height / 2)
        }
        var outputs = try encoder.encode(grey, pts90k: 0, forceKeyFrame: true)
        if outputs.isEmpty { outputs = try encoder.flush() }
        guard outputs.first?.isKeyFrame == true else {
            throw MediaError(
                operation: "encode with \(name)", text: "it opens but gives no picture", cure: "libx264 is used instead.")
        }
        return true
    }
}
