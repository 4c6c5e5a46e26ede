// @ts-check
// Which incidents this viewer has looked at. Kept in this browser only; a later version keeps it per user in the mesh.

import { momentOf } from "./store.js";

/** @import { Incident } from "./types.js" */

const key = "meshcam.seen";
const mostEvents = 500;

export class SeenIncidents {
  /** Everything up to this moment is seen. */
  #until = "";
  /** @type {Set<string>} */
  #events = new Set();
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.#read();
    // Another tab may have marked something.
    addEventListener("storage", (event) => {
      if (event.key !== key) return;
      this.#read();
      this.#changed();
    });
  }

  /** @param {Incident} incident */
  has(incident) {
    return momentOf(incident) <= this.#until || this.#events.has(incident.event);
  }

  /** @param {Incident} incident */
  mark(incident) {
    if (this.has(incident)) return;
    this.#events.add(incident.event);
    for (const oldest of this.#events) {
      if (this.#events.size <= mostEvents) break;
      this.#events.delete(oldest);
    }
    this.#write();
  }

  /** @param {Incident[]} incidents */
  markAll(incidents) {
    for (const incident of incidents) {
      const moment = momentOf(incident);
      if (moment > this.#until) this.#until = moment;
    }
    this.#events.clear();
    this.#write();
  }

  #read() {
    try {
      const stored = JSON.parse(localStorage.getItem(key) ?? "{}");
      this.#until = typeof stored.until === "string" ? stored.until : "";
      this.#events = new Set(Array.isArray(stored.events) ? stored.events.filter((/** @type {unknown} */ id) => typeof id === "string") : []);
    } catch {
      // Blocked or spoilt storage: everything counts as new, which is the safe side.
    }
  }

  #write() {
    try {
      localStorage.setItem(key, JSON.stringify({ until: this.#until, events: [...this.#events] }));
    } catch {
      // Blocked or full: the marks last as long as the page.
    }
    this.#changed();
  }
}
