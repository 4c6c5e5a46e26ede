// @ts-check
// What happened since I last looked? The newest incidents, in one line above the live pictures.

import { Component, fill, h, reconcile, setText } from "../dom.js";
import { count } from "../format.js";
import { mesh, store } from "../mesh.js";

const most = 16;

class IncidentStrip extends Component {
  #title = h("h2");
  #all = h("a", { class: "button quiet", href: "#/incidents" }, "All incidents");
  #seen = h("button", { class: "button quiet", type: "button", hidden: true, onclick: () => mesh.seen.markAll(store.incidentList) }, "Mark all seen");
  #list = h("ol", { class: "strip-list", "data-testid": "incident-strip" });
  #empty = h("p", { class: "strip-empty", hidden: true });

  build() {
    this.append(h("div", { class: "strip-head" }, this.#title, h("span", { class: "spring" }), this.#seen, this.#all), this.#list, this.#empty);
  }

  enter() {
    this.whileHere(store.watch(["incidents", "seen", "cameras", "connection"], () => this.render()));
  }

  render() {
    const incidents = store.incidentList;
    const fresh = incidents.filter((incident) => !mesh.seen.has(incident)).length;
    const more = store.incidentsCursor && fresh === incidents.length && fresh > 0 ? "+" : "";
    setText(this.#title, !store.incidentsLoaded ? "Incidents" : fresh > 0 ? `${fresh}${more} new` : incidents.length > 0 ? "Nothing new" : "Incidents");
    this.#title.setAttribute("aria-label", `${count(fresh, "new incident")}`);
    this.#seen.hidden = fresh === 0;
    this.#all.hidden = incidents.length === 0;
    this.#list.hidden = incidents.length === 0;
    this.#empty.hidden = !store.incidentsLoaded || incidents.length > 0;
    if (!this.#empty.hidden) fill(this.#empty, "Nothing has happened yet. When a camera sees motion, or you press record, the clips of all cameras appear here as one incident, from shortly before.");
    // A reader who looks at the newest goes on looking at the newest.
    const atNewest = this.#list.scrollLeft < 16;
    reconcile(this.#list, incidents.slice(0, most), (incident) => incident.event, () => h("li", {}, h("mc-incident-card")), (item, incident) => {
      item.firstElementChild.show(incident);
    });
    // Cards show nothing before they are in the page; by now they are.
    for (const card of this.#list.querySelectorAll("mc-incident-card")) /** @type {any} */ (card).render();
    if (atNewest) this.#list.scrollLeft = 0;
  }
}
customElements.define("mc-incident-strip", IncidentStrip);
