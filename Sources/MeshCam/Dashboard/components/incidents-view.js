// @ts-check
// Everything that happened, by day, newest first.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { at, count, dayName, dayStart, list, sentence, zoneName } from "../format.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { momentOf } from "../store.js";

/** @import { Incident } from "../types.js" */

const kinds = [["", "All"], ["motion", "Motion"], ["sound", "Sound"], ["manual", "By hand"]];

class IncidentsView extends Component {
  #missing = h("div", { class: "note", hidden: true, role: "status" });
  #days = h("div", { class: "days" });
  #empty = h("div", { class: "empty", hidden: true });
  #more = h("button", { class: "button more", type: "button", hidden: true, onclick: () => void mesh.loadOlderIncidents() }, "Older incidents");
  #filter = h("div", { class: "segmented", role: "group", "aria-label": "Kind" });
  #kind = "";

  build() {
    for (const [kind, label] of kinds) {
      this.#filter.append(h("button", { type: "button", "data-kind": kind, onclick: () => {
        this.#kind = kind;
        this.render();
      } }, label));
    }
    this.append(h("div", { class: "page" },
      h("div", { class: "page-title" }, h("h1", {}, "Incidents"), h("span", { class: "aside" }, `Times in ${zoneName()}`), h("span", { class: "spring" }), this.#filter),
      this.#missing, this.#days, this.#empty, this.#more));
  }

  enter() {
    document.title = "Incidents · MeshCam";
    this.whileHere(store.watch(["incidents", "seen", "cameras", "connection"], () => this.render()));
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void mesh.loadOlderIncidents();
    }, { rootMargin: "600px" });
    watcher.observe(this.#more);
    this.whileHere(() => watcher.disconnect());
  }

  render() {
    for (const button of this.#filter.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.kind === this.#kind));
    const incidents = store.incidentList.filter((incident) => this.#kind === "" || incident.kind === this.#kind);
    /** @type {Map<number, Incident[]>} */
    const days = new Map();
    for (const incident of incidents) {
      const day = dayStart(at(momentOf(incident)));
      days.set(day, [...(days.get(day) ?? []), incident]);
    }
    reconcile(this.#days, [...days], ([day]) => String(day), ([day]) => h("section", { class: "day" }, h("h2", {}, dayName(day, Date.now()), h("span", { class: "aside" })), h("ol", { class: "day-list" })), (section, [, items]) => {
      section.querySelector(".aside").textContent = count(items.length, "incident");
      const rows = section.querySelector("ol");
      reconcile(rows, items, (incident) => incident.event, () => h("li", {}, h("mc-incident-card", { look: "row" })), (row, incident) => row.firstElementChild.show(incident));
    });
    for (const card of this.#days.querySelectorAll("mc-incident-card")) /** @type {any} */ (card).render();
    this.#more.hidden = !store.incidentsCursor;
    this.#renderMissing();
    this.#empty.hidden = !store.incidentsLoaded || incidents.length > 0;
    if (!this.#empty.hidden) {
      fill(this.#empty, icon("incidents"),
        h("h2", {}, this.#kind ? "None of this kind" : "Nothing has happened yet"),
        h("p", {}, this.#kind ? "Other kinds are under All." : "When a camera sees motion, all cameras of its group record, from shortly before, and their clips appear here as one incident. To try it now, press record on a camera."),
        this.#kind ? null : h("a", { class: "button", href: "#/" }, "To the live pictures"));
    }
  }

  #renderMissing() {
    this.#missing.hidden = store.missing.length === 0;
    if (this.#missing.hidden) return;
    const state = JSON.stringify(store.missing);
    if (this.#missing.dataset.state === state) return;
    this.#missing.dataset.state = state;
    const names = store.missing.map((each) => each.name);
    fill(this.#missing, icon("attention"), h("p", {},
      h("strong", {}, `Some footage may be missing. `),
      store.missing.flatMap((each) => [named(each.name), `: ${sentence(each.reason)} `]),
      h("span", { class: "cure" }, `What only ${list(names)} ${names.length === 1 ? "holds" : "hold"}, such as clips not stored elsewhere yet, comes back with ${names.length === 1 ? "it" : "them"}.`)));
  }
}
customElements.define("mc-incidents-view", IncidentsView);
