// @ts-check
// Cameras in this network that wait to be added: one line each, wherever the mesh is looked at. Admins only.

import { Component, h, named, reconcile } from "../dom.js";
import { icon } from "../icons.js";
import { foundCameras } from "../membership.js";
import { store } from "../mesh.js";

/** @import { FoundCamera } from "../membership.js" */

const everyMs = 2000;

class FoundCameras extends Component {
  #list = h("ul", { class: "found-cameras", "aria-label": "New cameras", "data-testid": "found-cameras" });
  /** @type {FoundCamera[]} */
  #found = [];
  #dialog = h("mc-add-camera");

  build() {
    this.append(this.#list, this.#dialog);
  }

  enter() {
    let gone = false;
    const look = async () => {
      if (!document.hidden && store.session?.user.role === "admin") {
        this.#found = await foundCameras().catch(() => this.#found);
        if (!gone) this.render();
      }
      if (!gone) timer = setTimeout(look, everyMs);
    };
    let timer = setTimeout(look, 0);
    this.whileHere(() => {
      gone = true;
      clearTimeout(timer);
    });
  }

  render() {
    reconcile(this.#list, this.#found, (camera) => `${camera.id}\n${camera.name}`, () => h("li", {}), (item, camera) => {
      if (item.firstChild) return;
      item.append(
        icon("cameras"),
        h("p", {}, h("strong", {}, named(camera.name)), " waits to be added"),
        h("button", { class: "button primary", type: "button", onclick: () => this.#dialog.open(camera) }, "Add"));
    });
  }
}
customElements.define("mc-found-cameras", FoundCameras);
