// @ts-check
// One event, one card: all its angles as a collage, when, what, and whether anybody has looked.

import { segment, urlOf } from "../api.js";
import { Component, fill, h, reconcile, setText } from "../dom.js";
import { at, clockTime, count, duration, kindWord, list, whenShort } from "../format.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { incidentPlace } from "../router.js";
import { momentOf } from "../store.js";

/** @import { Clip, Incident } from "../types.js" */

/** More angles than this are a number on the last picture. */
const mostPictures = 3;

class IncidentCard extends Component {
  /** "card" in the strip, "row" in the list */
  look = "card";

  #collage = h("div", { class: "collage", "aria-hidden": "true" });
  #more = h("span", { class: "collage-more", hidden: true });
  #now = h("span", { class: "pill recording", hidden: true }, h("i", { class: "dot" }), "Recording");
  #length = h("span", { class: "pill length" });
  #time = h("time", { class: "incident-time" });
  #new = h("span", { class: "pill new-mark", hidden: true }, h("i", { class: "mark" }), "New");
  #kindIcon = h("span", { class: "kind-icon" });
  #what = h("span", { class: "incident-what" });
  #angles = h("span", { class: "incident-angles" });
  #link = h("a", { class: "incident-link", "data-testid": "incident-card" },
    h("div", { class: "incident-picture" }, this.#collage, this.#more, this.#new, this.#now, this.#length),
    h("div", { class: "incident-facts" },
      h("div", { class: "incident-line" }, this.#time, this.#angles),
      h("div", { class: "incident-line second" }, this.#kindIcon, this.#what)));
  /** @type {Incident | null} */
  #incident = null;

  build() {
    this.classList.add(this.look);
    this.append(this.#link);
  }

  /** @param {Incident} incident */
  show(incident) {
    this.#incident = incident;
    this.render();
  }

  render() {
    const incident = this.#incident;
    if (!incident || !this.isConnected) return;
    const moment = at(momentOf(incident));
    const seen = mesh.seen.has(incident);
    this.#link.href = incidentPlace(incident.event);
    this.#link.dataset.angles = String(incident.clips.length);
    this.#link.dataset.event = incident.event;
    this.#time.dateTime = momentOf(incident);
    setText(this.#time, this.look === "row" ? clockTime(moment) : whenShort(moment, Date.now()));
    this.#new.hidden = seen;
    this.classList.toggle("seen", seen);
    if (this.#kindIcon.dataset.kind !== incident.kind) {
      this.#kindIcon.dataset.kind = incident.kind;
      fill(this.#kindIcon, icon(incident.kind));
    }
    setText(this.#what, whatOf(incident));
    setText(this.#angles, count(incident.clips.length, "angle"));
    this.#now.hidden = !(incident.recording && store.isLive);
    this.#length.hidden = incident.recording;
    setText(this.#length, duration(Math.max(0, ...incident.clips.map((clip) => clip.durationSeconds || 0))));
    this.#renderCollage(incident);
    this.#link.setAttribute("aria-label", `${whenShort(moment, Date.now())}: ${whatOf(incident)}, ${count(incident.clips.length, "angle")}${seen ? "" : ", new"}${incident.recording ? ", recording now" : ""}`);
  }

  /** @param {Incident} incident */
  #renderCollage(incident) {
    const clips = [...incident.clips].sort((a, b) => Number(b.camera === incident.origin) - Number(a.camera === incident.origin));
    const shown = clips.slice(0, mostPictures);
    this.#collage.dataset.count = String(shown.length);
    this.#more.hidden = clips.length <= mostPictures;
    setText(this.#more, `+${clips.length - mostPictures}`);
    // The key changes when the recording ends: only then is the poster frame final.
    reconcile(this.#collage, shown, (clip) => `${clip.id}${clip.state === "recording" ? "…" : ""}`, thumbnail, () => {});
  }
}

/**
 * @param {Clip} clip
 * @returns {HTMLElement} a poster frame, or the camera's name where there is none yet
 */
export function thumbnail(clip) {
  const image = h("img", { alt: "", loading: "lazy", decoding: "async", src: `${urlOf(`/clips/${segment(clip.id)}/thumbnail.jpg`)}${clip.state === "recording" ? "?early" : ""}` });
  const box = h("span", { class: "thumb" }, h("bdi", { dir: "auto" }, clip.cameraName), image);
  image.addEventListener("error", () => image.remove());
  return box;
}

/**
 * "Motion · Front porch" or the label someone gave.
 * @param {Incident} incident
 */
export function whatOf(incident) {
  const origin = incident.origin ? store.cameraName(incident.origin) || incident.clips.find((clip) => clip.camera === incident.origin)?.cameraName : "";
  const names = origin ? [origin] : incident.clips.map((clip) => clip.cameraName).slice(0, 2);
  const label = incident.label && incident.label !== incident.kind ? incident.label : kindWord(incident.kind);
  return names.length > 0 ? `${label} · ${list(names)}` : label;
}
customElements.define("mc-incident-card", IncidentCard);
