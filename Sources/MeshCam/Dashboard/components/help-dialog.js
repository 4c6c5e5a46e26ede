// @ts-check
// The keys, on "?".

import { Component, h } from "../dom.js";
import { icon } from "../icons.js";
import { keyHelp } from "../keys.js";

class HelpDialog extends Component {
  #dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" });

  build() {
    this.#dialog.append(
      h("div", { class: "help-head" }, h("h2", { id: "help-title" }, "Keys"),
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() }, icon("close"))),
      h("div", { class: "help-groups" }, keyHelp.map((group) =>
        h("section", {}, h("h3", {}, group.title),
          h("dl", {}, group.keys.map(([keys, meaning]) => h("div", {}, h("dt", {}, /** @type {string[]} */ (keys).map((key) => (key === "…" ? "…" : h("kbd", {}, key)))), h("dd", {}, /** @type {string} */ (meaning)))))))),
    );
    this.#dialog.addEventListener("click", (/** @type {Event} */ event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    this.append(this.#dialog);
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
customElements.define("mc-help-dialog", HelpDialog);
