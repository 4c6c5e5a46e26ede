// @ts-check
// What exactly happened then? All angles together on one axis, pre-roll aligned, the trigger marked.

import { segment, urlOf } from "../api.js";
import { Component, fill, h, reconcile, setText } from "../dom.js";
import { at, bytes, clockTime, dayName, fileName, keeping, kindWord } from "../format.js";
import { columnLayout, gridLayout } from "../grid-layout.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { anglesOf, PlaybackClock, rangeOf, speeds } from "../playback.js";
import { currentRoute, go, incidentPlace } from "../router.js";
import { momentOf } from "../store.js";
import { whatOf } from "./incident-card.js";

/** @import { Angle } from "../playback.js" */
/** @import { Incident } from "../types.js" */

/** Videos that fetch at once: each holds a connection while it buffers. */
const mostLoaded = 4;
/** A picture that cannot be fetched holds the others back no longer than this. */
const mostHoldMs = 5000;
const narrow = matchMedia("(max-width: 719px)");

class IncidentPlayer extends Component {
  #stage = h("div", { class: "stage", "data-testid": "player" });
  #axis = /** @type {any} */ (h("mc-time-axis"));
  #when = h("span", { class: "player-now", "data-testid": "player-time" });
  #play = h("button", { type: "button", class: "play-button", "data-testid": "play" });
  #speed = h("button", { type: "button", class: "button quiet speed", title: "Speed ([ and ])", onclick: () => this.#stepSpeed(1, true) });
  #title = h("div", { class: "player-title" });
  #older = h("a", { class: "icon-button", "aria-label": "Older incident", title: "Older (⇧ ←)" }, icon("previous"));
  #newer = h("a", { class: "icon-button", "aria-label": "Newer incident", title: "Newer (⇧ →)" }, icon("next"));
  #files = h("ul", { class: "files" });
  #export = h("a", { class: "button quiet", hidden: true, download: "", "data-testid": "export", title: "Every clip with its signature: 'meshcam verify' proves it on any computer" }, icon("download"), "All, with proof");
  #empty = h("div", { class: "empty", hidden: true });
  #body = h("div", { class: "player-body" });

  #event = "";
  /** @type {Angle[]} */
  #angles = [];
  #clock = new PlaybackClock({ startMs: 0, endMs: 0 });
  #started = false;
  #large = "";
  #frame = 0;
  #holdSince = NaN;
  #resumeAfterScrub = false;
  #searched = false;

  build() {
    const step = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ act) => h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick: act }, icon(name));
    this.#play.addEventListener("click", () => this.#toggle());
    this.#body.append(this.#stage, h("div", { class: "player-bar" },
      this.#axis,
      h("div", { class: "player-controls" },
        h("div", { class: "player-side" }, this.#when),
        h("div", { class: "player-middle" },
          step("back", "10 seconds back", () => this.#move(-10_000)),
          step("frame-back", "One frame back", () => this.#stepFrame(-1)),
          this.#play,
          step("frame-forward", "One frame on", () => this.#stepFrame(1)),
          step("forward", "10 seconds on", () => this.#move(10_000))),
        h("div", { class: "player-side end" }, h("button", { type: "button", class: "button quiet", title: "To the trigger (t)", onclick: () => this.#toTrigger() }, "Trigger"), this.#speed))),
      h("section", { class: "player-files" }, h("div", { class: "player-files-head" }, h("h2", {}, "Clips"), this.#export), this.#files));
    this.append(h("div", { class: "player-head" }, h("a", { class: "icon-button", href: "#/incidents", "aria-label": "All incidents", title: "All incidents (Esc)" }, icon("close")), this.#title, this.#older, this.#newer), this.#body, this.#empty);
    this.#axis.addEventListener("seek", (/** @type {CustomEvent} */ event) => this.#seek(event.detail));
    this.#axis.addEventListener("scrub", (/** @type {CustomEvent} */ event) => this.#scrub(event.detail));
    this.#stage.addEventListener("enlarge", (/** @type {Event} */ event) => this.#enlarge(/** @type {HTMLElement} */ (event.target).dataset.clip ?? ""));
    this.#stage.addEventListener("length", () => this.#lengths());
  }

  enter() {
    this.#event = currentRoute().id;
    this.whileHere(store.watch(["incidents", "cameras"], () => this.render()));
    const observer = new ResizeObserver(() => this.#place());
    observer.observe(this);
    this.whileHere(() => observer.disconnect());
    this.listen(window, "resize", () => this.#place());
    const tick = () => {
      this.#frame = requestAnimationFrame(tick);
      this.#tick(performance.now());
    };
    this.#frame = requestAnimationFrame(tick);
    this.whileHere(() => cancelAnimationFrame(this.#frame));
    const search = new AbortController();
    this.whileHere(() => search.abort());
    void mesh.findIncident(this.#event, search.signal).then(() => {
      this.#searched = true;
      if (this.isConnected) this.render();
    });
  }

  /** @type {Map<string, number>} media lengths the browser found, in seconds, by clip */
  #found = new Map();

  #lengths() {
    for (const each of this.#players) if (each.mediaSeconds > 0) this.#found.set(each.angle.id, each.mediaSeconds);
    this.render();
  }

  get #players() {
    return /** @type {any[]} */ ([...this.#stage.children]);
  }

  render() {
    const incident = store.incident(this.#event);
    this.#body.hidden = !incident || incident.clips.length === 0;
    this.#renderEmpty(incident);
    this.#older.hidden = this.#newer.hidden = this.#body.hidden;
    if (!incident || incident.clips.length === 0) return;
    mesh.seen.mark(incident);
    this.#angles = anglesOf(incident, (camera) => store.cameras.get(camera)?.fps ?? 25);
    for (const angle of this.#angles) {
      const seconds = this.#found.get(angle.id);
      // What can be played counts, not what was announced; a clip still being written may announce less or more.
      if (seconds && angle.clip.state !== "recording") angle.endMs = angle.startMs + seconds * 1000;
    }
    const range = rangeOf(this.#angles);
    this.#clock.setRange(range);
    const trigger = at(incident.triggered);
    if (!this.#started) this.#start(range);
    reconcile(this.#stage, this.#angles, (angle) => angle.id, () => h("mc-player-angle", { class: "angle" }), (element, angle) => element.setAngle(angle, angle.camera === incident.origin));
    this.#axis.setAngles(this.#angles, range, trigger);
    this.#axis.mark(this.#large);
    this.#renderTitle(incident);
    this.#renderFiles();
    this.#renderNeighbours();
    this.#place();
  }

  /** @param {{ startMs: number, endMs: number }} range */
  #start(range) {
    this.#started = true;
    const now = performance.now();
    const camera = currentRoute().query.get("camera");
    this.#large = this.#angles.find((angle) => angle.camera === camera)?.id ?? "";
    this.#clock.seek(range.startMs, now);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#clock.play(now);
    this.#renderControls();
  }

  /** @param {Incident} incident */
  #renderTitle(incident) {
    const moment = at(momentOf(incident));
    const what = whatOf(incident);
    const state = `${what} ${moment}`;
    if (this.#title.dataset.state === state) return;
    this.#title.dataset.state = state;
    document.title = `${clockTime(moment)} ${kindWord(incident.kind)} · MeshCam`;
    fill(this.#title, h("h1", { dir: "auto" }, what), h("p", {}, `${dayName(moment, Date.now())}, ${clockTime(moment)}`));
  }

  #renderFiles() {
    this.#export.hidden = store.session?.user.role !== "admin";
    this.#export.setAttribute("href", urlOf(`/exports?format=zip&event=${segment(this.#event)}`));
    reconcile(this.#files, this.#angles, (angle) => angle.id, () => h("li"), (item, angle) => {
      const { clip } = angle;
      const state = `${clip.state} ${clip.bytes} ${clip.holders?.join()} ${clip.cameraName}`;
      if (item.dataset.state === state) return;
      item.dataset.state = state;
      fill(item, h("div", {}, h("bdi", { dir: "auto", class: "file-name" }, angle.name), h("span", { class: "file-where" }, keeping(clip))),
        h("a", { class: "button quiet", "data-testid": "download", href: urlOf(`/clips/${segment(clip.id)}/video.mp4`), download: fileName(angle.name, angle.startMs, "mp4"), "aria-label": `Download the clip of ${angle.name}` }, icon("download"), bytes(clip.bytes)));
    });
  }

  #renderNeighbours() {
    const all = store.incidentList;
    const index = all.findIndex((incident) => incident.event === this.#event);
    for (const [link, other] of /** @type {const} */ ([[this.#newer, index < 0 ? undefined : all[index - 1]], [this.#older, index < 0 ? undefined : all[index + 1]]])) {
      link.toggleAttribute("inert", !other);
      if (other) link.href = incidentPlace(other.event);
      else link.removeAttribute("href");
    }
  }

  /** @param {Incident | undefined} incident */
  #renderEmpty(incident) {
    this.#empty.hidden = incident ? incident.clips.length > 0 : !this.#searched;
    if (this.#empty.hidden || this.#empty.firstChild) return;
    fill(this.#empty, icon("incidents"), h("h2", {}, incident ? "No clip yet" : "This incident is not here"),
      h("p", {}, incident ? "Its clips appear as soon as a camera has written the first second." : "It may have been deleted when space was needed, or the node that holds it is offline."),
      h("a", { class: "button", href: "#/incidents" }, "All incidents"));
  }

  #place() {
    const players = this.#players;
    if (players.length === 0 || !this.isConnected) return;
    const width = this.#stage.clientWidth;
    const index = this.#angles.findIndex((angle) => angle.id === this.#large);
    const bar = /** @type {HTMLElement} */ (this.#body.children[1]).offsetHeight;
    const height = Math.max(narrow.matches ? 180 : 300, innerHeight - (this.#stage.getBoundingClientRect().top + scrollY) - bar - 28);
    /** @type {{ rects: import("../grid-layout.js").Rect[], height: number }} */
    let layout;
    if (narrow.matches && players.length < 3 && index < 0) {
      layout = columnLayout(players.length, width, { gap: 4 });
    } else if (narrow.matches) {
      // One as wide as the phone, the others below it: all in view above the controls.
      layout = gridLayout(players.length, width, 2 * width, { gap: 4, large: Math.max(0, index), rowOf: 2 });
    } else {
      layout = gridLayout(players.length, width, height, { gap: 6, large: index >= 0 ? index : null });
    }
    players.forEach((player, i) => {
      const rect = layout.rects[i];
      Object.assign(player.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` });
      player.classList.toggle("is-large", i === index);
      player.classList.toggle("small", rect.width < 220);
    });
    this.#stage.style.height = `${layout.height}px`;
    this.#loadNearest();
  }

  /** The large angle first, then the others in order, as far as connections go. */
  #loadNearest() {
    const order = this.#players.slice().sort((a, b) => Number(b.dataset.clip === this.#large) - Number(a.dataset.clip === this.#large));
    order.slice(mostLoaded).forEach((player) => player.want(false));
    order.slice(0, mostLoaded).forEach((player) => player.want(true));
  }

  /** @param {number} now */
  #tick(now) {
    if (this.#angles.length === 0) return;
    const clock = this.#clock;
    const wallMs = clock.at(now);
    if (clock.playing && wallMs >= clock.endMs && !store.incident(this.#event)?.recording) {
      clock.pause(now);
      this.#renderControls();
    }
    let complete = true;
    for (const player of this.#players) complete = player.follow({ wallMs, playing: clock.playing && !clock.held, speed: clock.speed }) && complete;
    if (complete) this.#holdSince = NaN;
    else if (Number.isNaN(this.#holdSince)) this.#holdSince = now;
    clock.hold(!complete && now - this.#holdSince < mostHoldMs, now);
    this.#axis.moveTo(wallMs);
    setText(this.#when, clockTime(wallMs));
  }

  #renderControls() {
    const { playing, speed } = this.#clock;
    if (this.#play.dataset.playing !== String(playing)) {
      this.#play.dataset.playing = String(playing);
      this.#play.setAttribute("aria-label", playing ? "Pause" : "Play");
      this.#play.title = playing ? "Pause (space)" : "Play (space)";
      fill(this.#play, icon(playing ? "pause" : "play"));
    }
    setText(this.#speed, `${speed}×`);
    this.#speed.setAttribute("aria-label", `Speed ${speed} times; click for the next`);
  }

  #toggle() {
    const now = performance.now();
    if (this.#clock.playing) this.#clock.pause(now);
    else this.#clock.play(now);
    this.#renderControls();
  }

  /** @param {number} wallMs */
  #seek(wallMs) {
    this.#clock.seek(wallMs, performance.now());
  }

  /** @param {number} byMs */
  #move(byMs) {
    this.#seek(this.#clock.at(performance.now()) + byMs);
  }

  /** @param {boolean} begins */
  #scrub(begins) {
    const now = performance.now();
    if (begins) {
      this.#resumeAfterScrub = this.#clock.playing;
      this.#clock.pause(now);
    } else if (this.#resumeAfterScrub) {
      this.#resumeAfterScrub = false;
      this.#clock.play(now);
    }
    this.#renderControls();
  }

  /** @param {1 | -1} direction */
  #stepFrame(direction) {
    this.#clock.pause(performance.now());
    const angle = this.#angles.find((each) => each.id === this.#large) ?? this.#angles[0];
    if (angle) this.#move(direction * angle.frameMs);
    this.#renderControls();
  }

  /**
   * @param {1 | -1} direction
   * @param {boolean} [round]
   */
  #stepSpeed(direction, round = false) {
    const next = speeds.indexOf(this.#clock.speed) + direction;
    const index = round ? (next + speeds.length) % speeds.length : Math.max(0, Math.min(speeds.length - 1, next));
    this.#clock.setSpeed(speeds[index], performance.now());
    this.#renderControls();
  }

  #toTrigger() {
    const trigger = at(store.incident(this.#event)?.triggered);
    if (Number.isFinite(trigger)) this.#seek(trigger);
  }

  /** @param {string} id  of the clip; the same again shows all angles */
  #enlarge(id) {
    this.#large = this.#large === id ? "" : id;
    this.#axis.mark(this.#large);
    this.#place();
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    if (event.shiftKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const link = event.key === "ArrowLeft" ? this.#older : this.#newer;
      if (link.getAttribute("href")) go(link.getAttribute("href"));
      return true;
    }
    const angle = /^[1-9]$/.test(event.key) ? this.#angles[Number(event.key) - 1] : undefined;
    if (angle) {
      this.#enlarge(angle.id);
      return true;
    }
    /** @type {Record<string, () => void>} */
    const acts = {
      " ": () => this.#toggle(),
      ",": () => this.#stepFrame(-1),
      ".": () => this.#stepFrame(1),
      "ArrowLeft": () => this.#move(-10_000),
      "ArrowRight": () => this.#move(10_000),
      "Home": () => this.#seek(this.#clock.startMs),
      "End": () => this.#seek(this.#clock.endMs),
      "[": () => this.#stepSpeed(-1),
      "]": () => this.#stepSpeed(1),
      "t": () => this.#toTrigger(),
    };
    const act = acts[event.key];
    if (event.key === "Escape" && this.#large) {
      this.#enlarge(this.#large);
      return true;
    }
    act?.();
    return act !== undefined;
  }
}
customElements.define("mc-incident-player", IncidentPlayer);
