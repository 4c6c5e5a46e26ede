// @ts-check
// The one axis of an incident: a lane per angle, the trigger, the moment shown. A slider for hand, key and screen reader.

import { Component, fill, h, setText } from "../dom.js";
import { clockTime } from "../format.js";
import { axisMarks } from "../playback.js";

/** @import { Angle } from "../playback.js" */

class TimeAxis extends Component {
  #lanes = h("div", { class: "lanes" });
  #marks = h("div", { class: "marks", "aria-hidden": "true" });
  #trigger = h("div", { class: "trigger-line" }, h("span", {}, "trigger"));
  #past = h("div", { class: "past" });
  #head = h("div", { class: "playhead" });
  #bubble = h("span", { class: "bubble" });
  #track = h("div", { class: "axis-track", role: "slider", tabIndex: 0, "aria-label": "Time", "data-testid": "time-axis" }, this.#lanes, this.#past, this.#trigger, this.#head, this.#bubble);
  #startMs = 0;
  #endMs = 1;
  #triggerMs = NaN;
  /** @type {Angle[]} */
  #angles = [];

  build() {
    this.append(this.#track, this.#marks);
    const seek = (/** @type {PointerEvent} */ event) => this.dispatchEvent(new CustomEvent("seek", { detail: this.#timeAt(event) }));
    this.#track.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      this.#track.setPointerCapture(event.pointerId);
      this.dispatchEvent(new CustomEvent("scrub", { detail: true }));
      seek(event);
    });
    this.#track.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      const ms = this.#timeAt(event);
      setText(this.#bubble, clockTime(ms));
      this.#bubble.style.left = `${this.#part(ms)}%`;
      if (this.#track.hasPointerCapture(event.pointerId)) seek(event);
    });
    const release = () => this.dispatchEvent(new CustomEvent("scrub", { detail: false }));
    this.#track.addEventListener("pointerup", release);
    this.#track.addEventListener("pointercancel", release);
  }

  enter() {
    const observer = new ResizeObserver(() => this.#renderMarks());
    observer.observe(this);
    this.whileHere(() => observer.disconnect());
  }

  /**
   * @param {Angle[]} angles
   * @param {{ startMs: number, endMs: number }} range
   * @param {number} triggerMs  NaN where unknown
   */
  setAngles(angles, range, triggerMs) {
    this.#angles = angles;
    this.#startMs = range.startMs;
    this.#endMs = Math.max(range.startMs + 1, range.endMs);
    this.#triggerMs = triggerMs;
    fill(this.#lanes, angles.map((angle) => h("div", { class: "lane", "data-angle": angle.id, title: angle.name },
      h("i", { style: `left:${this.#part(angle.startMs)}%;width:${this.#part(angle.endMs) - this.#part(angle.startMs)}%` }))));
    this.#trigger.hidden = !Number.isFinite(triggerMs);
    this.#trigger.style.left = `${this.#part(triggerMs)}%`;
    this.#trigger.classList.toggle("at-right", this.#part(triggerMs) > 85);
    this.#track.setAttribute("aria-valuemin", "0");
    this.#track.setAttribute("aria-valuemax", String(Math.round((this.#endMs - this.#startMs) / 1000)));
    this.#renderMarks();
  }

  /** @param {string} angle  id of the large one, "" for none */
  mark(angle) {
    for (const lane of this.#lanes.children) lane.classList.toggle("large", /** @type {HTMLElement} */ (lane).dataset.angle === angle);
  }

  /** @param {number} wallMs */
  moveTo(wallMs) {
    const part = `${this.#part(wallMs)}%`;
    this.#head.style.left = part;
    this.#past.style.width = part;
    const seconds = String(Math.round((wallMs - this.#startMs) / 1000));
    if (this.#track.getAttribute("aria-valuenow") === seconds) return;
    this.#track.setAttribute("aria-valuenow", seconds);
    this.#track.setAttribute("aria-valuetext", clockTime(wallMs));
  }

  #renderMarks() {
    if (this.#angles.length === 0) return;
    const origin = Number.isFinite(this.#triggerMs) ? this.#triggerMs : this.#startMs;
    const marks = axisMarks(this.#startMs, this.#endMs, origin, Math.max(3, Math.floor(this.clientWidth / 72)));
    fill(this.#marks, marks.map((mark) => h("span", { style: `left:${this.#part(mark.ms)}%`, class: mark.seconds === 0 ? "zero" : "" }, mark.seconds === 0 ? clockTime(mark.ms) : markWord(mark.seconds))));
  }

  /** @param {number} ms */
  #part(ms) {
    return Math.max(0, Math.min(100, ((ms - this.#startMs) / (this.#endMs - this.#startMs)) * 100));
  }

  /** @param {PointerEvent} event */
  #timeAt(event) {
    const box = this.#track.getBoundingClientRect();
    const part = Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(1, box.width)));
    return this.#startMs + part * (this.#endMs - this.#startMs);
  }
}

/** @param {number} seconds */
function markWord(seconds) {
  const size = Math.abs(seconds);
  const text = size < 60 ? `${size} s` : size % 60 === 0 ? `${size / 60} min` : `${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
  return `${seconds < 0 ? "−" : "+"}${text}`;
}
customElements.define("mc-time-axis", TimeAxis);
