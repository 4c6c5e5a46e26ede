// @ts-check
// Admin or viewer, and which cameras a viewer sees: for users and for tokens.

import { Component, h, named, reconcile, setText } from "../dom.js";
import { icon } from "../icons.js";
import { store } from "../mesh.js";

/** @import { Role } from "../people.js" */

class RightsChoice extends Component {
  /** Set before it enters the page. @type {Role} */
  grants = "viewer";
  /** Ids that are chosen at first; none: all. Set before it enters the page. @type {string[]} */
  chosen = [];
  /** What an admin may, in words. Set before it enters the page. */
  adminMay = "";

  #roles = h("div", { class: "segmented", role: "group", "aria-label": "Role" });
  #hint = h("p", { class: "hint" });
  #all = h("input", { type: "checkbox" });
  #each = h("div", { class: "choices" });
  #cameras = h("fieldset", { class: "camera-choice" }, h("legend", {}, "Sees"), h("label", { class: "choice" }, this.#all, h("span", {}, "All cameras, also new ones")), this.#each);

  build() {
    for (const [role, label, drawing] of [["viewer", "Viewer", "eye"], ["admin", "Admin", "settings"]]) {
      this.#roles.append(h("button", { type: "button", "data-role": role, onclick: () => { this.grants = /** @type {Role} */ (role); this.render(); } }, icon(drawing), h("span", {}, label)));
    }
    this.#all.checked = this.chosen.length === 0;
    this.#all.addEventListener("change", () => this.render());
    this.append(this.#roles, this.#hint, this.#cameras);
  }

  enter() {
    this.whileHere(store.watch(["cameras"], () => this.render()));
  }

  render() {
    for (const button of this.#roles.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.role === this.grants));
    setText(this.#hint, this.grants === "admin" ? this.adminMay : "Looks at pictures and recordings; changes nothing.");
    this.#cameras.hidden = this.grants === "admin";
    this.#each.hidden = this.#all.checked;
    const known = store.cameraList.filter((camera) => camera.state !== "none").map((camera) => camera.id);
    // A camera that has left the mesh stays in the list until somebody takes it out.
    const ids = [...known, ...this.chosen.filter((id) => !known.includes(id))];
    reconcile(this.#each, ids, (id) => id, (id) => h("label", { class: "choice" }, h("input", { type: "checkbox", value: id, checked: this.chosen.includes(id) }), named("")), (label, id) => setText(label.lastElementChild, nameOf(id)));
  }

  /** Ids; none: all. `null`: nothing is chosen. */
  get cameras() {
    if (this.grants === "admin" || this.#all.checked) return [];
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (this.#each.querySelectorAll("input:checked"));
    return boxes.length > 0 ? [...boxes].map((box) => box.value) : null;
  }
}

/**
 * @param {{ role: Role, cameras: string[] }} now
 * @param {string} adminMay
 * @returns {RightsChoice}
 */
export function rightsChoice(now, adminMay) {
  const choice = h("mc-rights-choice", { class: "rights-choice", chosen: now.cameras, adminMay });
  choice.grants = now.role;
  return choice;
}

/** A camera that is not in the mesh any more has only its id.
 * @param {string} id */
const nameOf = (id) => store.cameraName(id) || (store.checked ? id.slice(0, 8) : "…");

/** What is wrong where no camera is chosen. */
export const noCamera = () => new Error("Choose at least one camera, or all.");

/**
 * "all cameras", or their names.
 * @param {{ role: Role, cameras: string[] }} one
 */
export const seenWords = (one) => (one.role === "admin" || one.cameras.length === 0 ? "all cameras" : one.cameras.map(nameOf).join(", "));
customElements.define("mc-rights-choice", RightsChoice);
