// @ts-check
// A camera is in the wrong hands: says what happens, asks for the passphrase, then lists what only a person can change.

import { Component, fill, h, named, setText } from "../dom.js";
import { icon } from "../icons.js";
import { giveUp } from "../membership.js";
import { mesh, wordsOf } from "../mesh.js";

/** @import { MeshNode } from "../types.js" */

class StolenCamera extends Component {
  #title = h("h2", { id: "stolen-title" });
  #passphrase = h("input", { name: "passphrase", type: "password", autocomplete: "current-password", required: true, "aria-label": "Your passphrase", placeholder: "Your passphrase" });
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "stolen-error" });
  #submit = h("button", { class: "button danger", type: "submit" }, "Give it up for ever");
  #content = h("div", { class: "stolen" });
  #dialog = h("dialog", { class: "add-camera stolen-camera", "aria-labelledby": "stolen-title" });
  /** @type {MeshNode | null} */
  #node = null;
  #busy = false;

  build() {
    this.#dialog.append(
      h("div", { class: "dialog-head" }, this.#title,
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.#busy || this.#dialog.close() }, icon("close"))),
      this.#content);
    this.#dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
      if (this.#busy) event.preventDefault();
    });
    this.append(this.#dialog);
  }

  /** @param {MeshNode} node */
  open(node) {
    this.#node = node;
    this.#passphrase.value = "";
    fill(this.#refusal);
    fill(this.#title, "Was ", named(node.name), " stolen?");
    fill(this.#content,
      h("ul", { class: "stolen-acts" },
        h("li", {}, icon("check"), "The others stop talking to it at once, and cut what is open."),
        h("li", {}, icon("check"), "The mesh gets new keys; what is on its card opens nothing here."),
        h("li", {}, icon("check"), "All other cameras, users and recordings stay as they are."),
        h("li", {}, icon("attention"), "It cannot be undone: found again, it comes back as a new camera.")),
      h("form", { method: "dialog", onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#try(); } },
        h("div", { class: "field" }, icon("lock"), this.#passphrase), this.#refusal, this.#submit));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#passphrase.focus();
  }

  async #try() {
    const node = this.#node;
    if (!node || this.#busy) return;
    this.#setBusy(true);
    fill(this.#refusal);
    try {
      const done = await giveUp(node.id, this.#passphrase.value);
      this.#passphrase.value = "";
      fill(this.#title, named(done.name), " is out");
      fill(this.#content,
        h("p", { class: "hint" }, "The mesh is safe from it. What it may have known elsewhere, only you can change:"),
        h("ol", { class: "stolen-changes", tabIndex: -1, "data-testid": "stolen-changes" }, done.changes.map((change) => h("li", {}, h("strong", {}, change.what), h("span", {}, change.why)))),
        h("button", { class: "button primary", type: "button", onclick: () => this.#dialog.close() }, "Done"));
      /** @type {HTMLElement | null} */ (this.#content.querySelector("ol"))?.focus();
      void mesh.refresh();
    } catch (error) {
      fill(this.#refusal, icon("attention"), h("span", {}, wordsOf(error)));
      queueMicrotask(() => {
        this.#passphrase.select();
        this.#passphrase.focus();
      });
    } finally {
      this.#setBusy(false);
    }
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.#submit.disabled = busy;
    setText(this.#submit, busy ? "Replacing the keys…" : "Give it up for ever");
  }
}
customElements.define("mc-stolen-camera", StolenCamera);
