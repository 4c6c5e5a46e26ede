import Media

/// The page that watches: the dashboard's own player, and a look at each picture's stamp.
enum LiveBenchPage {
    static let html = """
        <!doctype html><meta charset="utf-8"><title>bench live</title>
        <style>body { margin: 0; background: #000; overflow: hidden } video { position: fixed; left: 0; top: 0 }</style>
        <video muted playsinline></video><button hidden></button><script type="module" src="/bench.js"></script>
        """

    /// - Parameters:
    ///   - starts: clicks whose first picture is waited for.
    ///   - seconds: how long ages are read after that.
    static func script(width: Int, height: Int, starts: Int, seconds: Int) -> String {
        """
        import { playByWebRTC } from "/webrtc.js";

        const columns = \(CaptureStamp.columns(width: width)), rows = \(CaptureStamp.rows(width: width)), block = \(CaptureStamp.block), margin = \(CaptureStamp.margin);
        const video = document.querySelector("video");
        const button = document.querySelector("button");
        video.style.width = "\(width)px";
        video.style.height = "\(height)px";
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [columns * block, rows * block];
        const context = canvas.getContext("2d", { willReadFrequently: true });
        const say = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
        const nextPicture = () => new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now())));

        /** Milliseconds since 1970; NaN where none can be read. */
        function stamp() {
          context.drawImage(video, margin, margin, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          const bytes = [0, 0, 0, 0, 0, 0, 0, 0];
          for (let index = 0; index < 64; index++) {
            const [x, y] = [(index % columns) * block + block / 2, Math.floor(index / columns) * block + block / 2];
            bytes[index >> 3] = (bytes[index >> 3] << 1) | (data[(y * canvas.width + x) * 4 + 1] > 128 ? 1 : 0);
          }
          const check = bytes.slice(1, 7).reduce((sum, byte) => sum ^ byte, 0);
          return bytes[0] === 0xa5 && check === bytes[7] ? bytes.slice(1, 7).reduce((value, byte) => value * 256 + byte, 0) : NaN;
        }

        /** One click, as on the dashboard, until `watch` is done. */
        async function play(watch) {
          const end = new AbortController();
          const clicked = new Promise((resolve) => button.addEventListener("click", () => resolve(performance.now()), { once: true }));
          const first = nextPicture();
          button.click();
          const began = await clicked;
          const playing = playByWebRTC({ camera: "bench", small: false, video, signal: end.signal, onFrame: () => {} });
          const broken = playing.then(() => Promise.reject(new Error("the pictures ended")));
          broken.catch(() => {});
          try {
            const took = (await Promise.race([first, broken])) - began;
            await Promise.race([watch(), broken]);
            return took;
          } finally {
            end.abort();
            await playing.catch(() => {});
            video.srcObject = null;
          }
        }

        async function measure() {
          const firstFramesMs = [], agesMs = [];
          let unreadable = 0;
          for (let start = 0; start < \(starts); start++) {
            // Nobody clicks twice within the half second in which a camera makes no second key frame; when within its two seconds is chance.
            await new Promise((resolve) => setTimeout(resolve, 600 + 2000 * Math.random()));
            firstFramesMs.push(await play(async () => {}));
          }
          await play(async () => {
            // The first second is a start's, with its own delays.
            const begin = performance.now() + 1000;
            let isTold = false;
            for (let now = performance.now(); now < begin + \(seconds * 1000); ) {
              now = await nextPicture();
              const age = performance.timeOrigin + now - stamp();
              if (now < begin) continue;
              if (!isTold) say("/watching", {});
              isTold = true;
              if (Number.isNaN(age)) unreadable++;
              else agesMs.push(age);
            }
          });
          await say("/figures", { firstFramesMs, agesMs, unreadable });
        }

        measure().catch((error) => say("/failed", { message: `${error.message ?? error}` }));
        """
    }
}
