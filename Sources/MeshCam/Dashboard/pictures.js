// @ts-check
// Live pictures, pooled. They come by WebRTC where the browser can; else over HTTP, as a movie or as JPEGs. HTTP/1.1 gives a page six
// connections per node: one is the event stream's, at most four carry moving pictures, the rest stays free for everything else. With
// more pictures in view than streams, those that matter most stream and the others take turns on one connection. What is out of view or in a
// hidden tab costs nothing.

import { backoffMs, getJSON, openStream, pause, Problem, request, segment } from "./api.js";
import { at } from "./format.js";
import { boundaryOf, MultipartParser } from "./mjpeg.js";
import { hasMovies, playMovie } from "./movie.js";
import { hasWebRTC, noNetwork, noPictures, noWay, playByWebRTC } from "./webrtc.js";

const mostStreams = 4;
/** Streams left when some pictures are polled, so that two connections stay free. */
const streamsBesidePolling = 3;
const pollIntervalMs = 500;
/** Up to this width in CSS pixels, as in a grid, the camera's small stream is enough: on every screen, or a grid would take the main streams of all. */
const smallWidth = 640;
/** A stream without a picture for this long is shown as late; for twice as long, it is opened anew. */
const lateMs = 3500;
/** A way of playing that showed nothing so often is given up for the next one. */
const barrenLimit = 2;

/** How pictures come, the best first: `relay` is WebRTC through the node that serves the page. @typedef {"webrtc" | "relay" | "movie" | "jpeg"} Way */

/** @type {Record<Exclude<Way, "jpeg">, (play: import("./webrtc.js").LivePlay) => Promise<void>>} */
const players = { webrtc: playByWebRTC, relay: (play) => playByWebRTC({ ...play, relay: true }), movie: playMovie };

/** @param {Way} way  one that showed nothing */
const nextWay = (way) => (way === "webrtc" ? "relay" : way === "relay" && hasMovies ? "movie" : "jpeg");

/** @param {Viewer} viewer */
const comesByUDP = (viewer) => viewer.way === "webrtc" || viewer.way === "relay";

/** @returns {Way} */
export const bestWay = () => (hasWebRTC ? "webrtc" : hasMovies ? "movie" : "jpeg");

/** @typedef {"waiting" | "live" | "late" | "down"} Phase */
/** @typedef {{ blob: Blob, at: number }} Still  `at`: ms since 1970 when the picture was taken, as far as known */

/**
 * @typedef {object} Viewer  one place on the page that shows one camera
 * @property {string} camera
 * @property {string[]} iceServers  URIs of servers that help to see it from behind other routers
 * @property {boolean} isSmall  the camera's small stream is enough
 * @property {number} width  px asked for
 * @property {number} fps
 * @property {Way} way
 * @property {HTMLVideoElement} video  for the ways that need one
 * @property {boolean} visible
 * @property {boolean} running  whether the camera is said to deliver pictures
 * @property {number} priority  higher streams first
 * @property {(still: Still, live: boolean) => void} onPicture  of the ways without a video, and what is shown before one moves
 * @property {() => void} onFrame  the video shows another picture
 * @property {(phase: Phase, reason: string, since: number) => void} onPhase
 */

/**
 * Which viewers stream, and which are polled: those whose pictures come by UDP take no connection. Pure.
 * @param {Viewer[]} viewers  in the order of the page
 * @returns {{ stream: Viewer[], poll: Viewer[] }}
 */
export function planPictures(viewers) {
  const shown = viewers.filter((viewer) => viewer.visible && viewer.running);
  const free = shown.filter(comesByUDP);
  const { stream, poll } = planConnections(shown.filter((viewer) => !comesByUDP(viewer)));
  return { stream: [...free, ...stream], poll };
}

/**
 * @param {Viewer[]} wanted
 * @returns {{ stream: Viewer[], poll: Viewer[] }}
 */
function planConnections(wanted) {
  if (wanted.length <= mostStreams) return { stream: wanted, poll: [] };
  const ranked = wanted.map((viewer, index) => ({ viewer, index })).sort((a, b) => b.viewer.priority - a.viewer.priority || a.index - b.index);
  const stream = ranked.slice(0, streamsBesidePolling).map((entry) => entry.viewer);
  return { stream, poll: wanted.filter((viewer) => !stream.includes(viewer)) };
}

class PicturePool {
  /** @type {Viewer[]} */
  #viewers = [];
  /** @type {Map<Viewer, AbortController>} */
  #streams = new Map();
  /** Whose video shows a picture of the session that runs. @type {Set<Viewer>} */
  #moving = new Set();
  /** @type {Viewer[]} */
  #polled = [];
  #polling = false;
  #planned = false;
  /**
   * The last picture of each camera: what a view shows first, dimmed, before it has one of its own.
   * @type {Map<string, Still>}
   */
  #stills = new Map();

  constructor() {
    document.addEventListener("visibilitychange", () => this.replan());
  }

  /** @param {Viewer} viewer */
  add(viewer) {
    this.#viewers.push(viewer);
    const still = this.#stills.get(viewer.camera);
    if (still) viewer.onPicture(still, false);
    this.replan();
  }

  /** @param {Viewer} viewer */
  remove(viewer) {
    this.#viewers = this.#viewers.filter((other) => other !== viewer);
    this.#stop(viewer);
    this.replan();
  }

  /** Call after changing a viewer. Several changes in one turn cost one plan. */
  replan() {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#apply();
    });
  }

  #apply() {
    const plan = document.hidden ? { stream: [], poll: [] } : planPictures(this.#viewers);
    for (const viewer of [...this.#streams.keys()]) if (!plan.stream.includes(viewer)) this.#stop(viewer);
    for (const viewer of plan.stream) if (!this.#streams.has(viewer)) this.#start(viewer);
    this.#polled = plan.poll;
    if (this.#polled.length > 0 && !this.#polling) void this.#poll();
  }

  /** @param {Viewer} viewer */
  #stop(viewer) {
    if (this.#streams.has(viewer)) {
      if (this.#moving.has(viewer)) this.#keepStill(viewer);
      viewer.onPhase("waiting", "", Date.now());
    }
    this.#streams.get(viewer)?.abort();
    this.#streams.delete(viewer);
  }

  /** @param {Viewer} viewer */
  #start(viewer) {
    const controller = new AbortController();
    this.#streams.set(viewer, controller);
    void (viewer.way === "jpeg" ? this.#stream(viewer, controller.signal) : this.#play(viewer, viewer.way, controller.signal));
  }

  /**
   * By a video, until that way turns out to lead nowhere.
   * @param {Viewer} viewer
   * @param {Exclude<Way, "jpeg">} way
   * @param {AbortSignal} signal
   */
  async #play(viewer, way, signal) {
    let attempt = 0;
    let barren = 0;
    let lastFrame = Date.now();
    this.#showStill(viewer);
    while (!signal.aborted) {
      const once = new AbortController();
      let frameAt = Date.now();
      let seen = false;
      const watch = setInterval(() => {
        const silent = Date.now() - frameAt;
        if (silent > lateMs && seen) viewer.onPhase("late", "no new picture", lastFrame);
        if (silent > 2 * lateMs) once.abort();
      }, 1000);
      let words = "no picture came";
      let isFinal = false;
      let leadsNowhere = false;
      let wasBarren = true;
      try {
        await players[way]({
          camera: viewer.camera, iceServers: viewer.iceServers, small: viewer.isSmall, video: viewer.video, signal: AbortSignal.any([signal, once.signal]),
          onEnd: () => {
            if (this.#moving.delete(viewer)) this.#keepStill(viewer, lastFrame);
          },
          onFrame: () => {
            frameAt = lastFrame = Date.now();
            attempt = 0;
            seen = true;
            this.#moving.add(viewer);
            viewer.onFrame();
            viewer.onPhase("live", "", frameAt);
          },
        });
      } catch (error) {
        if (error instanceof Problem) words = error.message;
        // A node that refuses or does not answer says nothing of the way.
        wasBarren = !(error instanceof Problem) || error.title === noPictures;
        // What this browser asked for, the camera will never have.
        isFinal = error instanceof Problem && (error.type === "/problems/bad-offer" || error.type === noNetwork || error.status === 404);
        leadsNowhere = error instanceof Problem && error.type === noWay && !seen;
      } finally {
        clearInterval(watch);
      }
      if (signal.aborted) return;
      barren = seen ? 0 : barren + (wasBarren ? 1 : 0);
      if (isFinal || leadsNowhere || barren >= barrenLimit) {
        viewer.way = isFinal && way !== "movie" && hasMovies ? "movie" : nextWay(way);
        this.#stop(viewer);
        this.replan();
        return;
      }
      viewer.onPhase(seen ? "late" : "down", words, lastFrame);
      await pause(backoffMs(attempt), signal);
      attempt += 1;
    }
  }

  /** What a video showed last is the camera's still until there is a newer one. @param {Viewer} viewer */
  #keepStill(viewer, at = Date.now()) {
    const { camera, video } = viewer;
    if (video.videoWidth === 0) return;
    const canvas = document.createElement("canvas");
    canvas.width = Math.min(video.videoWidth, 640);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      if (!blob) return;
      const still = { blob, at };
      this.#stills.set(camera, still);
      viewer.onPicture(still, false);
    }, "image/jpeg", 0.8);
  }

  /** What is there before anything moves. @param {Viewer} viewer */
  #showStill(viewer) {
    if (this.#stills.has(viewer.camera)) return;
    void readStill(viewer.camera, viewer.width).then((still) => {
      if (!this.#stills.has(viewer.camera)) this.#stills.set(viewer.camera, still);
      viewer.onPicture(still, false);
    }).catch(() => {});
  }

  /**
   * @param {Viewer} viewer
   * @param {AbortSignal} signal
   */
  async #stream(viewer, signal) {
    let attempt = 0;
    let lastPicture = Date.now();
    while (!signal.aborted) {
      const once = new AbortController();
      const opened = Date.now();
      let pictureAt = opened;
      const watch = setInterval(() => {
        const silent = Date.now() - pictureAt;
        if (silent > lateMs) viewer.onPhase("late", "no new picture", lastPicture);
        if (silent > 2 * lateMs) once.abort();
      }, 1000);
      try {
        const path = `/cameras/${segment(viewer.camera)}/stream.mjpeg?width=${viewer.width}&fps=${viewer.fps}`;
        const { contentType, reader } = await openStream(path, AbortSignal.any([signal, once.signal]));
        const boundary = boundaryOf(contentType);
        if (!boundary) {
          await reader.cancel();
          throw new Problem(0, "No pictures", "The node sent something other than pictures.");
        }
        const parser = new MultipartParser(boundary);
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          const newest = parser.push(value).at(-1);
          if (!newest || newest.length === 0) continue;
          pictureAt = lastPicture = Date.now();
          attempt = 0;
          this.#show(viewer, new Blob([newest], { type: "image/jpeg" }), pictureAt);
        }
        if (!signal.aborted) viewer.onPhase("late", "the stream ended", lastPicture);
      } catch (error) {
        if (signal.aborted) return;
        const words = error instanceof Problem ? error.message : once.signal.aborted ? "no answer" : "the connection broke";
        viewer.onPhase("down", words, lastPicture);
      } finally {
        clearInterval(watch);
      }
      await pause(backoffMs(attempt), signal);
      attempt += 1;
    }
  }

  /** One connection, one picture at a time, each polled viewer in turn. */
  async #poll() {
    this.#polling = true;
    let turn = 0;
    /** @type {Map<Viewer, number>} */
    const lastGood = new Map();
    while (this.#polled.length > 0) {
      const viewer = this.#polled[turn % this.#polled.length];
      turn += 1;
      const began = performance.now();
      try {
        const still = await readStill(viewer.camera, viewer.width);
        lastGood.set(viewer, Date.now());
        if (this.#polled.includes(viewer)) this.#show(viewer, still.blob, Date.now());
      } catch (error) {
        viewer.onPhase("late", error instanceof Problem ? error.message : "no answer", lastGood.get(viewer) ?? Date.now());
        if (error instanceof Problem && error.status === 401) break;
      }
      await pause(Math.max(0, pollIntervalMs - (performance.now() - began)));
    }
    this.#polling = false;
  }

  /**
   * @param {Viewer} viewer
   * @param {Blob} blob
   * @param {number} takenAt
   */
  #show(viewer, blob, takenAt) {
    const still = { blob, at: takenAt };
    this.#stills.set(viewer.camera, still);
    viewer.onPicture(still, true);
    viewer.onPhase("live", "", takenAt);
  }

  /**
   * The last picture the mesh has of a camera that delivers none now: its own, or else its newest clip's. Null where it has none.
   * @param {import("./types.js").Camera} camera
   * @param {number} width
   * @returns {Promise<Still | null>}
   */
  async lastStill(camera, width) {
    const known = this.#stills.get(camera.id);
    if (known) return known;
    // A node that is gone is not asked for what it sees now.
    const still = (camera.online ? await readStill(camera.id, width).catch(() => null) : null) ?? (await readPoster(camera.id).catch(() => null));
    if (!still) return null;
    const taken = { blob: still.blob, at: Number.isFinite(still.at) ? still.at : at(camera.lastSeen) };
    if (!this.#stills.has(camera.id)) this.#stills.set(camera.id, taken);
    return this.#stills.get(camera.id) ?? taken;
  }
}

/**
 * @param {string} camera
 * @param {number} width
 */
async function readStill(camera, width) {
  const response = await request(`/cameras/${segment(camera)}/snapshot.jpg?width=${width}`, { timeoutMs: 5000 });
  const blob = await response.blob();
  return { blob, at: Date.parse(response.headers.get("Last-Modified") ?? "") };
}

/**
 * The picture of a camera's newest clip, as old as what it shows.
 * @param {string} camera
 * @returns {Promise<Still | null>}
 */
async function readPoster(camera) {
  const { clips } = await getJSON(`/clips?camera=${segment(camera)}&limit=1`);
  if (clips.length === 0) return null;
  const response = await request(`/clips/${segment(clips[0].id)}/thumbnail.jpg`);
  return { blob: await response.blob(), at: at(clips[0].triggered ?? clips[0].start) };
}

/**
 * A width that the node serves to others too: few sizes mean few encodings.
 * @param {number} cssWidth
 */
export function pictureWidth(cssWidth) {
  const wanted = cssWidth * Math.min(2, devicePixelRatio || 1);
  return wanted <= 400 ? 320 : wanted <= 900 ? 640 : 1280;
}

/** @param {number} cssWidth */
export const isSmall = (cssWidth) => cssWidth <= smallWidth;

export const pictures = new PicturePool();
