// @ts-check
// A camera in the grid: the picture, its name, what goes on, and on pointer, touch or focus the controls.

import { Component, h, setText } from "../dom.js";
import { at } from "../format.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { cameraPlace, go } from "../router.js";

/** How long a touch keeps the controls in view. */
const touchMs = 4000;

class CameraTile extends Component {
  /** Set before it enters the page. */
  camera = "";

  #name = h("bdi", { class: "tile-name", dir: "auto" });
  #motion = h("span", { class: "pill motion", hidden: true }, icon("motion"), "Motion");
  #recording = h("span", { class: "pill recording", hidden: true, "data-testid": "recording" }, h("i", { class: "dot" }), "Recording");
  #night = h("span", { class: "pill", hidden: true }, icon("night"), "Night");
  #offText = h("span");
  #offAge = h("mc-age-text");
  #off = h("span", { class: "pill off", hidden: true }, icon("offline"), this.#offText, this.#offAge);
  #link = h("a", { class: "tile-link" });
  #record = h("button", { type: "button", class: "over-button", title: "Record now (r)" }, icon("record"), h("span", {}, "Record"));
  #snapshot = h("button", { type: "button", class: "over-button", title: "Save snapshot (s)" }, icon("snapshot"), h("span", {}, "Snapshot"));
  #timer = 0;

  build() {
    this.dataset.camera = this.camera;
    this.#snapshot.addEventListener("click", () => void mesh.saveSnapshot(this.camera));
    const expand = h("button", { type: "button", class: "over-button", title: "Full view", onclick: () => go(cameraPlace(this.camera)) }, icon("expand"), h("span", {}, "Full view"));
    this.#record.addEventListener("click", () => void mesh.record(this.camera));
    this.#link.href = cameraPlace(this.camera);
    // On touch the first tap shows the controls, as a pointer's arrival would; the second opens the camera.
    this.#link.addEventListener("click", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType !== "touch" || this.classList.contains("touched")) return;
      event.preventDefault();
      this.#touched();
    });
    const picture = h("mc-live-picture", { camera: this.camera });
    this.append(picture, this.#link,
      h("div", { class: "tile-top" }, this.#name, h("span", { class: "tile-states", "aria-hidden": "true" }, this.#motion, this.#recording, this.#night, this.#off)),
      h("div", { class: "tile-controls" }, this.#snapshot, this.#record, expand));
  }

  enter() {
    this.whileHere(store.watch(["cameras", "connection"], () => this.render()));
    this.whileHere(() => clearTimeout(this.#timer));
  }

  render() {
    const camera = store.cameras.get(this.camera);
    if (!camera) return;
    setText(this.#name, camera.name);
    // Without a connection nothing is known about now.
    const known = camera.online && store.isLive;
    this.classList.toggle("in-motion", known && camera.motion);
    this.#motion.hidden = !(known && camera.motion);
    this.#recording.hidden = !(known && camera.recording);
    this.#night.hidden = !(known && camera.night && camera.state === "running");
    this.#record.hidden = store.session?.user.role !== "admin";
    this.#record.disabled = this.#snapshot.disabled = !known || camera.state !== "running";
    this.#renderOffline();
    const state = !camera.online ? "offline" : !store.isLive ? "not known now" : camera.state === "running" ? "live" : camera.state;
    const states = [state, known && camera.motion && "motion", known && camera.recording && "recording"].filter(Boolean);
    this.#link.setAttribute("aria-label", `${camera.name}: ${states.join(", ")}`);
  }

  #renderOffline() {
    const camera = store.cameras.get(this.camera);
    if (!camera) return;
    const words = offWord(camera);
    const lastSeen = at(camera.lastSeen);
    this.#off.hidden = words === "";
    this.classList.toggle("is-off", words !== "");
    setText(this.#offText, words);
    this.#offAge.hidden = camera.online || !Number.isFinite(lastSeen);
    this.#offAge.since = lastSeen;
  }

  #touched() {
    for (const other of document.querySelectorAll("mc-camera-tile.touched")) other.classList.remove("touched");
    this.classList.add("touched");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.classList.remove("touched"), touchMs);
  }
}

/**
 * Why a camera gives no picture; "" where it does.
 * @param {import("../types.js").Camera} camera
 */
export function offWord(camera) {
  if (!camera.online || camera.state === "offline") return "Offline";
  if (camera.state === "failed") return "No picture";
  if (camera.state === "starting") return "Starting";
  if (camera.state === "none") return "No camera";
  return "";
}
customElements.define("mc-camera-tile", CameraTile);
