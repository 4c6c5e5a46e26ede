// @ts-check
// One angle of an incident: its video, kept at the common time, and what to say while it has no picture.

import { segment, urlOf } from "../api.js";
import { Component, h, setText } from "../dom.js";
import { span } from "../format.js";
import { followPlan } from "../playback.js";

/** @import { Angle } from "../playback.js" */

/** A clip that is still being written is read anew at most this often. */
const rereadMs = 2000;
/** A clip that changed under the reader fails to decode; so many times it is read anew before that counts as broken. */
const mostRereads = 5;

class PlayerAngle extends Component {
  /** @type {HTMLVideoElement} */
  #video = h("video", { muted: true, playsInline: true, preload: "auto", disablePictureInPicture: true, disableRemotePlayback: true, "data-testid": "angle-video" });
  #name = h("bdi", { class: "tile-name", dir: "auto" });
  #origin = h("span", { class: "pill", hidden: true }, "triggered");
  #note = h("div", { class: "angle-note", hidden: true });
  #button = h("button", { type: "button", class: "tile-link" });
  /** @type {Angle | null} */
  #angle = null;
  #loaded = false;
  #failed = "";
  #readBytes = 0;
  #readAt = 0;
  #readUnfinished = false;
  #broken = false;
  #rereads = 0;

  build() {
    this.#video.muted = true;
    this.append(this.#video, this.#note, this.#button, h("div", { class: "tile-top" }, this.#name, h("span", { class: "tile-states" }, this.#origin)));
    this.#button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("enlarge", { bubbles: true })));
    this.#video.addEventListener("error", () => {
      if (!this.#video.getAttribute("src")) return;
      if (this.#mayHaveGrown && this.#rereads < mostRereads) {
        this.#rereads += 1;
        this.#broken = true;
        return;
      }
      this.#failed = this.#video.error?.code === MediaError.MEDIA_ERR_NETWORK ? "The clip could not be fetched." : "This clip cannot be played here. Download it to see it.";
    });
    this.#video.addEventListener("loadedmetadata", () => this.dispatchEvent(new CustomEvent("length", { bubbles: true })));
  }

  leave() {
    // Gives the connection back at once: without a source, nothing is fetched.
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
    this.#loaded = false;
  }

  /**
   * @param {Angle} angle
   * @param {boolean} isOrigin
   */
  setAngle(angle, isOrigin) {
    this.#angle = angle;
    this.dataset.clip = angle.id;
    setText(this.#name, angle.name);
    this.#video.poster = urlOf(`/clips/${segment(angle.id)}/thumbnail.jpg`);
    this.#origin.hidden = !isOrigin;
    this.#button.setAttribute("aria-label", `${angle.name}: show large, or all angles again`);
    this.#video.setAttribute("aria-label", `Recording of ${angle.name}`);
  }

  get angle() {
    return this.#angle;
  }

  get failed() {
    return this.#failed !== "";
  }

  /** Length of the media in seconds as the browser read it; NaN before that. */
  get mediaSeconds() {
    return Number.isFinite(this.#video.duration) ? this.#video.duration : NaN;
  }

  /**
   * Begins to fetch, or lets go of what was fetched.
   * @param {boolean} wanted
   */
  want(wanted) {
    if (!this.#angle || wanted === this.#loaded) return;
    if (wanted) {
      this.#loaded = true;
      this.#read(0);
    } else {
      this.leave();
    }
  }

  /** @param {number} fromSeconds */
  #read(fromSeconds) {
    const clip = this.#angle?.clip;
    if (!clip) return;
    this.#failed = "";
    this.#broken = false;
    this.#readBytes = clip.bytes;
    this.#readUnfinished = clip.state === "recording";
    // The address changes with the clip's length, so that no cache joins two states of one file.
    const state = this.#readAt > 0 || this.#readUnfinished ? `?bytes=${clip.bytes}.${Math.round(performance.now())}` : "";
    this.#readAt = performance.now();
    this.#video.src = `${urlOf(`/clips/${segment(clip.id)}/video.mp4`)}${state}`;
    if (fromSeconds <= 0) return;
    this.#video.addEventListener("loadedmetadata", () => {
      this.#video.currentTime = Math.min(fromSeconds, this.mediaSeconds || fromSeconds);
    }, { once: true });
  }

  /** Whether the file is, or was when it was opened, still being written. */
  get #mayHaveGrown() {
    return this.#readUnfinished || this.#angle?.clip.bytes !== this.#readBytes;
  }

  /**
   * Brings the video to the common time.
   * @param {{ wallMs: number, playing: boolean, speed: number }} now
   * @returns {boolean} false while the picture for that time is still being fetched
   */
  follow(now) {
    const angle = this.#angle;
    if (!angle) return true;
    if (!this.#loaded) {
      this.#say("Click to play this angle");
      return true;
    }
    const video = this.#video;
    const plan = followPlan(angle, { ...now, mediaSeconds: video.currentTime, seeking: video.seeking });
    if (this.#failed) {
      this.#say(this.#failed);
      return true;
    }
    this.#rereadIfGrown(plan.phase, now.wallMs);
    const ready = video.readyState >= HTMLMediaElement.HAVE_METADATA;
    if (ready && plan.seekTo !== null) video.currentTime = Math.min(plan.seekTo, this.mediaSeconds || plan.seekTo);
    if (Math.abs(video.playbackRate - plan.rate) > 0.004) video.playbackRate = plan.rate;
    if (plan.play && video.paused && !video.ended) void video.play().catch(() => {});
    // At its end a video is let run out, so that its last frame is the one shown.
    if (!plan.play && !video.paused && !(plan.phase === "after" && now.playing)) video.pause();
    const complete = !this.#broken && (video.ended || plan.phase !== "inside" || video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || (ready && video.currentTime >= (this.mediaSeconds || Infinity) - 0.1));
    this.dataset.phase = plan.phase;
    if (plan.phase === "before") this.#say(`Starts in ${span((angle.startMs - now.wallMs) / 1000)}`);
    else if (plan.phase === "after" && !angle.clip.end) this.#say("");
    else if (plan.phase === "after") this.#say(angle.clip.state === "recording" ? "Still recording…" : angle.clip.state === "interrupted" ? "The recording was cut short here." : "");
    else this.#say(complete ? "" : "Loading…");
    return complete;
  }

  /**
   * @param {string} phase
   * @param {number} wallMs
   */
  #rereadIfGrown(phase, wallMs) {
    const angle = this.#angle;
    if (!angle || !this.#mayHaveGrown || performance.now() - this.#readAt < rereadMs) return;
    const known = angle.startMs + (this.mediaSeconds || 0) * 1000;
    const atItsEnd = phase !== "before" && wallMs >= known - 500 && angle.endMs > known + 300;
    if (this.#broken || atItsEnd) this.#read(Math.max(0, (wallMs - angle.startMs) / 1000));
  }

  /** @param {string} words */
  #say(words) {
    setText(this.#note, words);
    this.#note.hidden = words === "";
  }
}
customElements.define("mc-player-angle", PlayerAngle);
