// @ts-check
// A camera's live picture by WebRTC: one offer (WHEP), then the pictures come by UDP, straight from the camera's own node or through the one
// that serves this page.

import { exchange, Problem, segment } from "./api.js";

/** Whether this browser takes what our cameras send. Firefox has H.264 here only with a part that it downloads. */
export const hasWebRTC = typeof RTCPeerConnection !== "undefined" && (RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? []).some((codec) => /^video\/h264$/i.test(codec.mimeType));

/** The title of a Problem that is the way's and not the node's. */
export const noPictures = "No pictures";
/** Its type where no datagram gets through this way, and where this browser sends none at all. */
export const noWay = "no-way";
export const noNetwork = "no-network";
/** On any network that lets datagrams through, a way is found in a fraction of this. */
const connectMs = 3000;
/** A browser that has not begun to look for one by then has no network to look in, or may not use it. */
const beginMs = 1000;

/**
 * @typedef {object} LivePlay
 * @property {string} camera
 * @property {string[]} [iceServers]  URIs of servers that help through routers; none are needed on a LAN
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
export async function playByWebRTC({ camera, iceServers = [], small, relay, video, signal, onFrame, onEnd }) {
  // Those that pass media on want a name and a password, which we have none of.
  const urls = iceServers.filter((uri) => uri.startsWith("stun:"));
  const connection = new RTCPeerConnection(urls.length ? { iceServers: [{ urls }] } : undefined);
  /** @type {{ stop: () => void } | null} */
  let frames = null;
  let session = "";
  let isOver = false;
  // The node would find out by itself, half a minute later.
  const sayGoodbye = () => {
    if (session) void fetch(session, { method: "DELETE", keepalive: true, credentials: "same-origin" }).catch(() => {});
  };
  try {
    const over = whenOver(connection, signal);
    // Whoever awaits it comes later; it must not count as unheard meanwhile.
    over.catch(() => {});
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addEventListener("track", ({ track }) => {
      video.srcObject = new MediaStream([track]);
      // Not before: Chromium ends the stream before with a black picture, which is none of this one's.
      frames?.stop();
      frames = watchFrames(video, onFrame);
      video.play().catch(() => {});
    });
    await connection.setLocalDescription();
    const query = new URLSearchParams({ stream: small ? "small" : "main", ...(relay ? { relay: "true" } : {}) });
    const answered = exchange(`/cameras/${segment(camera)}/whep?${query}`, { contentType: "application/sdp", body: connection.localDescription?.sdp ?? "", signal }).then((response) => {
      session = response.headers.get("Location") ?? "";
      // Nobody waits for it any more.
      if (isOver) sayGoodbye();
      return response.text();
    });
    answered.catch(() => {});
    const path = answered.then(() => session);
    path.catch(() => {});
    trickle(connection, path, signal);
    const answer = await Promise.race([answered, over]);
    if (answer === undefined) return;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    await Promise.race([over, tooLate(connection)]);
    await over;
  } finally {
    frames?.stop();
    onEnd?.();
    connection.close();
    isOver = true;
    sayGoodbye();
  }
}

/**
 * Tells the camera what servers outside say of this browser's address, as it becomes known. Of its addresses at home the camera hears by the
 * checks that come from there.
 * @param {RTCPeerConnection} connection
 * @param {Promise<string>} session
 * @param {AbortSignal} signal
 */
function trickle(connection, session, signal) {
  connection.addEventListener("icecandidate", async ({ candidate }) => {
    if (candidate?.type !== "srflx" && candidate?.type !== "relay") return;
    const lines = (connection.localDescription?.sdp ?? "").split("\r\n").filter((line) => /^a=ice-(ufrag|pwd):/.test(line)).slice(0, 2);
    lines.push("m=video 9 UDP/TLS/RTP/SAVPF 0", `a=mid:${candidate.sdpMid ?? "0"}`, `a=${candidate.candidate}`, "");
    try {
      const path = await session;
      if (path) await fetch(path, { method: "PATCH", body: lines.join("\r\n"), headers: { "Content-Type": "application/trickle-ice-sdpfrag" }, credentials: "same-origin", signal });
    } catch {
      // Another way may do; if none does, this ends with a word of its own.
    }
  });
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
      if (connection.connectionState === "failed") reject(new Problem(0, noPictures, "No way to the camera was found.", { type: noWay }));
      if (connection.connectionState === "closed") resolve();
    });
  });
}

/**
 * Rejects when no way was found in time; resolves when one was.
 * @param {RTCPeerConnection} connection
 * @returns {Promise<void>}
 */
function tooLate(connection) {
  return new Promise((resolve, reject) => {
    const timers = [
      setTimeout(() => reject(new Problem(0, noPictures, "No way to the camera was found.", { type: noWay })), connectMs),
      setTimeout(() => {
        if (connection.connectionState === "new") reject(new Problem(0, noPictures, "This browser sends nothing by UDP.", { type: noNetwork }));
      }, beginMs),
    ];
    const look = () => {
      if (connection.connectionState !== "connected") return;
      timers.forEach(clearTimeout);
      resolve();
    };
    connection.addEventListener("connectionstatechange", look);
    look();
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
