// @ts-check
// A camera's live picture by WebRTC: one offer (WHEP), then the pictures come by UDP, straight from the camera's own node or through the one
// that serves this page.

import { exchange, Problem, segment } from "./api.js";

/** Whether this browser takes what our cameras send. Firefox has H.264 here only with a part that it downloads. */
export const hasWebRTC = typeof RTCPeerConnection !== "undefined" && (RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? []).some((codec) => /^video\/h264$/i.test(codec.mimeType));

/** The title of a Problem that is the way's and not the node's. */
export const noPictures = "No pictures";

/**
 * @typedef {object} LivePlay
 * @property {string} camera
 * @property {boolean} small  the camera's small stream
 * @property {boolean} [relay]  through the node that serves this page
 * @property {HTMLVideoElement} video  keeps the last picture when this ends
 * @property {AbortSignal} signal  ends it
 * @property {() => void} onFrame  each picture that is shown
 */

/**
 * Plays until it breaks or is ended.
 * @param {LivePlay} play
 * @returns {Promise<void>} rejects with a Problem when it broke
 */
export async function playByWebRTC({ camera, small, relay, video, signal, onFrame }) {
  const connection = new RTCPeerConnection();
  const frames = watchFrames(video, onFrame);
  let session = "";
  try {
    const over = whenOver(connection, signal);
    // Whoever awaits it comes later; it must not count as unheard meanwhile.
    over.catch(() => {});
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addEventListener("track", ({ track }) => {
      video.srcObject = new MediaStream([track]);
      video.play().catch(() => {});
    });
    await connection.setLocalDescription();
    const query = new URLSearchParams({ stream: small ? "small" : "main", ...(relay ? { relay: "true" } : {}) });
    const response = await exchange(`/cameras/${segment(camera)}/whep?${query}`, { contentType: "application/sdp", body: connection.localDescription?.sdp ?? "", signal });
    session = response.headers.get("Location") ?? "";
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
    await over;
  } finally {
    frames.stop();
    connection.close();
    // The node would find out by itself, half a minute later.
    if (session) void fetch(session, { method: "DELETE", keepalive: true, credentials: "same-origin" }).catch(() => {});
  }
}

/**
 * @param {RTCPeerConnection} connection
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function whenOver(connection, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "failed") reject(new Problem(0, noPictures, "No way to the camera was found."));
      if (connection.connectionState === "closed") resolve();
    });
  });
}

/**
 * Tells each picture that a video shows.
 * @param {HTMLVideoElement} video
 * @param {() => void} onFrame
 */
export function watchFrames(video, onFrame) {
  let handle = 0;
  const next = () => {
    handle = video.requestVideoFrameCallback(() => {
      onFrame();
      next();
    });
  };
  next();
  return { stop: () => video.cancelVideoFrameCallback(handle) };
}
