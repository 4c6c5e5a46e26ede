// @ts-check
// A camera's live picture as an endless fragmented MP4, by Media Source Extensions: for browsers that have no H.264 in WebRTC, and where
// no way by UDP leads to the camera.

import { openStream, Problem, segment } from "./api.js";
import { noPictures, watchFrames } from "./webrtc.js";

/** @import { LivePlay } from "./webrtc.js" */

export const hasMovies = typeof MediaSource !== "undefined" && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42e01f"');

/** So far behind the newest picture, s, the player jumps to it. */
const latestLag = 0.8;
/** Played seconds that are kept; more than this again is removed. */
const keptSeconds = 10;

/**
 * What to do with what is buffered. Pure.
 * @param {{ start: number, end: number, at: number }} buffered  seconds
 * @returns {{ seek: number | null, remove: number | null }}  where to jump, and up to where to forget
 */
export function moviePlan({ start, end, at }) {
  const seek = at < start || end - at > latestLag ? Math.max(start, end - 0.05) : null;
  const now = seek ?? at;
  return { seek, remove: now - start > 2 * keptSeconds ? now - keptSeconds : null };
}

/**
 * Plays until it breaks or is ended.
 * @param {LivePlay} play
 */
export async function playMovie({ camera, small, video, signal, onFrame }) {
  const { contentType, reader } = await openStream(`/cameras/${segment(camera)}/live.mp4?stream=${small ? "small" : "main"}`, signal);
  const frames = watchFrames(video, onFrame);
  let url = "";
  try {
    if (!contentType || !MediaSource.isTypeSupported(contentType)) throw new Problem(0, noPictures, "This browser does not play the camera's video.");
    const source = new MediaSource();
    url = URL.createObjectURL(source);
    video.srcObject = null;
    video.src = url;
    await heard(source, "sourceopen", signal);
    const buffer = source.addSourceBuffer(contentType);
    video.play().catch(() => {});
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer.appendBuffer(value);
      await heard(buffer, "updateend", signal);
      await keepLive(video, buffer, signal);
    }
  } finally {
    frames.stop();
    await reader.cancel().catch(() => {});
    if (url) URL.revokeObjectURL(url);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {SourceBuffer} buffer
 * @param {AbortSignal} signal
 */
async function keepLive(video, buffer, signal) {
  const ranges = buffer.buffered;
  if (ranges.length === 0) return;
  const { seek, remove } = moviePlan({ start: ranges.start(ranges.length - 1), end: ranges.end(ranges.length - 1), at: video.currentTime });
  if (seek !== null) video.currentTime = seek;
  if (remove === null) return;
  buffer.remove(0, remove);
  await heard(buffer, "updateend", signal);
}

/**
 * @param {EventTarget} target
 * @param {string} event
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function heard(target, event, signal) {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new DOMException("It was ended.", "AbortError"));
    if (signal.aborted) return gone();
    signal.addEventListener("abort", gone, { once: true });
    target.addEventListener("error", () => reject(new Problem(0, noPictures, "This browser does not play the camera's video.")), { once: true });
    target.addEventListener(event, () => {
      signal.removeEventListener("abort", gone);
      resolve();
    }, { once: true });
  });
}
