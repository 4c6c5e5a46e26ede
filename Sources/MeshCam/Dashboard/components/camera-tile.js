// @ts-check
// A camera in the grid: the picture, its name, what goes on, and on pointer, touch or focus the controls.

import { Component, h, setText } from "../dom.js";
import { at, span } from "../format.js";
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
  #off = h("span", { class: "pill off", hidden: true }, icon("offline"), this.#offText);
  #link = h("a", { class: "tile-link" });
  #record = h("button", { type: "button", class: "over-button", title: "Record now (r)" }, icon("record"), h("span", {}, "Record"));
  #timer = 0;

  build() {
    this.dataset.camera = this.camera;
    const snapshot = h("button", { type: "button", class: "over-button", title: "Save snapshot (s)", onclick: () => void mesh.saveSnapshot(this.camera) }, icon("snapshot"), h("span", {}, "Snapshot"));
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
      h("div", { class: "tile-controls" }, snapshot, this.#record, expand));
  }

  enter() {
    this.whileHere(store.watch(["cameras", "connection"], () => this.render()));
    const timer = setInterval(() => this.#renderOffline(), 5000);
    this.whileHere(() => clearInterval(timer));
    this.whileHere(() => clearTimeout(this.#timer));
  }

  render() {
    const camera = store.cameras.get(this.camera);
    if (!camera) return;
    setText(this.#name, camera.name);
    // Without a connection nothing is known about now.
    const known = camera.online && store.connection.phase === "live";
    this.classList.toggle("in-motion", known && camera.motion);
    this.#motion.hidden = !(known && camera.motion);
    this.#recording.hidden = !(known && camera.recording);
    this.#night.hidden = !(camera.online && camera.night && camera.state === "running");
    this.#record.disabled = !camera.online || camera.state !== "running";
    this.#renderOffline();
    const states = [camera.online ? camera.state === "running" ? "live" : camera.state : "offline", known && camera.motion && "motion", known && camera.recording && "recording"].filter(Boolean);
    this.#link.setAttribute("aria-label", `${camera.name}: ${states.join(", ")}`);
  }

  #renderOffline() {
    const camera = store.cameras.get(this.camera);
    if (!camera) return;
    const words = offlineWords(camera);
    this.#off.hidden = words === "";
    this.classList.toggle("is-off", words !== "");
    setText(this.#offText, words);
  }

  #touched() {
    for (const other of document.querySelectorAll("mc-camera-tile.touched")) other.classList.remove("touched");
    this.classList.add("touched");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.classList.remove("touched"), touchMs);
  }
}

/**
 * Why a camera gives no picture, with its age; "" where it does.
 * @param {import("../types.js").Camera} camera
 */
export function offlineWords(camera) {
  if (!camera.online || camera.state === "offline") {
    const age = (Date.now() - at(camera.lastSeen)) / 1000;
    return Number.isFinite(age) ? `Offline ${span(age)}` : "Offline";
  }
  if (camera.state === "failed") return "No picture";
  if (camera.state === "starting") return "Starting";
  if (camera.state === "none") return "No camera";
  return "";
}
customElements.define("mc-camera-tile", CameraTile);
