// @ts-check
// One camera's moving picture. Never blank: the last still, dimmed, with its age and the reason, until there is a live one.

import { Component, fill, h, setText } from "../dom.js";
import { at } from "../format.js";
import { icon } from "../icons.js";
import { store } from "../mesh.js";
import { bestWay, isSmall, pictures, pictureWidth } from "../pictures.js";

/** @import { Phase, Still, Viewer } from "../pictures.js" */

const askAgainMs = 30_000;
/** A picture this close to the last word has no age of its own to tell: two that differ by a second only puzzle. */
const sameMomentMs = 15_000;

class LivePicture extends Component {
  /** Set before it enters the page. */
  camera = "";
  fps = 10;
  priority = 0;

  #image = h("img", { alt: "", draggable: false, "data-testid": "live-image" });
  #video = /** @type {HTMLVideoElement} */ (h("video", { muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true, "data-testid": "live-video" }));
  #age = h("mc-age-text");
  #reason = h("span", { class: "veil-reason", dir: "auto" });
  #ageLine = h("span", { class: "veil-age", hidden: true }, "picture is ", this.#age, " old");
  #lastLine = h("span", { class: "veil-age", hidden: true }, "this is the last picture");
  #veilIcon = h("span", { class: "veil-icon" });
  #veil = h("div", { class: "veil" }, this.#veilIcon, this.#reason, this.#ageLine, this.#lastLine);
  /** @type {Viewer | null} */
  #viewer = null;
  /** @type {Phase} */
  #phase = "waiting";
  #phaseReason = "";
  #shownUrl = "";
  #busy = false;
  /** @type {Still | null} */
  #next = null;
  /** When the mesh was last asked for a picture of a camera that has none now; it may have one later. */
  #askedAt = -Infinity;

  build() {
    // One picture is decoded at a time; while it is, only the newest of those that arrive is kept.
    const settled = () => {
      this.#busy = false;
      const next = this.#next;
      this.#next = null;
      if (next) this.#show(next);
    };
    this.#image.addEventListener("load", settled);
    this.#image.addEventListener("error", settled);
    this.append(this.#image, this.#video, this.#veil);
  }

  enter() {
    this.#viewer = {
      camera: this.camera,
      iceServers: [],
      width: pictureWidth(this.clientWidth || 640),
      isSmall: isSmall(this.clientWidth || 640),
      fps: this.fps,
      way: bestWay(),
      video: this.#video,
      visible: false,
      running: false,
      priority: this.priority,
      onPicture: (still, live) => this.#onPicture(still, live),
      onFrame: () => this.#onFrame(),
      onPhase: (phase, reason) => this.#setPhase(phase, reason),
    };
    pictures.add(this.#viewer);
    const watcher = new IntersectionObserver((entries) => this.#setVisible(entries.some((entry) => entry.isIntersecting)), { rootMargin: "64px" });
    watcher.observe(this);
    this.whileHere(() => watcher.disconnect());
    this.whileHere(store.watch(["cameras", "connection"], () => this.render()));
  }

  leave() {
    if (this.#viewer) pictures.remove(this.#viewer);
    this.#viewer = null;
    this.#video.srcObject = null;
    this.#video.removeAttribute("src");
    URL.revokeObjectURL(this.#shownUrl);
  }

  /** @param {boolean} visible */
  #setVisible(visible) {
    if (!this.#viewer || this.#viewer.visible === visible) return;
    this.#viewer.visible = visible;
    this.#viewer.width = pictureWidth(this.clientWidth || 640);
    this.#viewer.isSmall = isSmall(this.clientWidth || 640);
    pictures.replan();
  }

  render() {
    const viewer = this.#viewer;
    const camera = store.cameras.get(this.camera);
    if (!viewer) return;
    viewer.iceServers = camera?.iceServers ?? [];
    const running = camera !== undefined && camera.online && (camera.state === "running" || camera.state === "starting");
    const priority = this.priority + (camera?.motion ? 2 : 0) + (camera?.recording ? 1 : 0);
    // A node that hangs must not hold all the connections that the browser allows: its streams wait until it is back.
    if (store.isCutOff) this.#phase = "waiting";
    const streams = running && !store.isCutOff;
    if (viewer.running !== streams || viewer.priority !== priority) {
      // Back again: perhaps by another way than the last time.
      if (streams && !viewer.running) viewer.way = bestWay();
      viewer.running = streams;
      viewer.priority = priority;
      pictures.replan();
    }
    if (running) this.#askedAt = -Infinity;
    else if (camera && store.isLive && !Number.isFinite(this.#shownAt) && Date.now() - this.#askedAt > askAgainMs) {
      this.#askedAt = Date.now();
      void pictures.lastStill(camera, viewer.width).then((still) => {
        if (still && this.#phase !== "live") this.#onPicture(still, false);
      });
    }
    this.#image.alt = camera ? `Picture of ${camera.name}` : "";
    this.#video.setAttribute("aria-label", this.#image.alt);
    this.#renderVeil(camera, running);
  }

  /**
   * @param {import("../types.js").Camera | undefined} camera
   * @param {boolean} running
   */
  #renderVeil(camera, running) {
    let state = /** @type {string} */ (this.#phase);
    let reason = "";
    let mark = "";
    if (store.isCutOff) {
      state = "down";
      reason = `${store.serving?.name ?? "The node"} does not answer, trying again`;
    } else if (camera && !running) {
      state = "off";
      mark = camera.online && camera.state === "failed" ? "attention" : "offline";
      reason = camera.problem?.message ?? (!camera.online && camera.nodeName ? `${camera.nodeName} does not answer` : null) ?? (camera.state === "none" ? "This node has no camera." : camera.state === "failed" ? "The camera failed." : "");
    } else if (this.#phase === "late" || this.#phase === "down") {
      reason = `${this.#phaseReason.replace(/\.$/, "")}, trying again`;
    } else if (this.#phase === "waiting") {
      reason = "Connecting…";
    }
    this.dataset.state = state;
    this.#veil.hidden = state === "live";
    setText(this.#reason, reason);
    if (this.#veilIcon.dataset.mark !== mark) {
      this.#veilIcon.dataset.mark = mark;
      fill(this.#veilIcon, mark ? icon(mark) : null);
    }
    const aged = state !== "live" && state !== "waiting" && Number.isFinite(this.#shownAt);
    // What the page says beside it: since when the node that serves it, or the camera's, does not answer.
    const goneAt = store.isCutOff ? store.connection.since : camera?.online === false ? at(camera.lastSeen) : NaN;
    const isLast = aged && Math.abs(this.#shownAt - goneAt) < sameMomentMs;
    this.#ageLine.hidden = !aged || isLast;
    this.#lastLine.hidden = !isLast;
    if (Number.isFinite(this.#shownAt)) this.#age.since = this.#shownAt;
  }

  #shownAt = NaN;

  /** The video moves: the still behind it has done its part. */
  #onFrame() {
    this.#shownAt = Date.now();
    if (this.dataset.moving === undefined) this.dataset.moving = "";
  }

  /**
   * @param {Still} still
   * @param {boolean} live
   */
  #onPicture(still, live) {
    this.#shownAt = still.at;
    // What a video shows when its stream is over is black.
    delete this.dataset.moving;
    if (live) {
      this.#viewer && this.#phase !== "live" && this.#setPhase("live", "");
    }
    if (this.#busy) this.#next = still;
    else this.#show(still);
    if (!live) this.render();
  }

  /** @param {Still} still */
  #show(still) {
    this.#busy = true;
    const previous = this.#shownUrl;
    this.#shownUrl = URL.createObjectURL(still.blob);
    this.#image.src = this.#shownUrl;
    this.dataset.picture = "";
    if (previous) URL.revokeObjectURL(previous);
  }

  /**
   * @param {Phase} phase
   * @param {string} reason
   */
  #setPhase(phase, reason) {
    if (phase === this.#phase && reason === this.#phaseReason) return;
    this.#phase = phase;
    this.#phaseReason = reason;
    this.render();
  }
}
customElements.define("mc-live-picture", LivePicture);
