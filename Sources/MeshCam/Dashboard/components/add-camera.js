// @ts-check
// Adding a camera: its nine digits, and, where that was some time ago, the passphrase once more.

import { Component, fill, h, named, setText } from "../dom.js";
import { icon } from "../icons.js";
import { addCamera, codeGroups, isLocked, unlock } from "../membership.js";
import { mesh, wordsOf } from "../mesh.js";

/** @import { FoundCamera } from "../membership.js" */

class AddCamera extends Component {
  #title = h("h2", { id: "add-camera-title" });
  #code = h("input", { name: "code", inputMode: "numeric", autocomplete: "off", required: true, "aria-label": "Setup code", placeholder: "000 000 000", class: "code" });
  #passphrase = h("input", { name: "passphrase", type: "password", autocomplete: "current-password", "aria-label": "Your passphrase", placeholder: "Your passphrase" });
  #passphraseField = h("div", { class: "field", hidden: true }, icon("lock"), this.#passphrase);
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "add-camera-error" });
  #submit = h("button", { class: "button primary", type: "submit" }, "Add camera");
  #dialog = h("dialog", { class: "add-camera", "aria-labelledby": "add-camera-title" });
  /** @type {FoundCamera | null} */
  #camera = null;
  #busy = false;

  build() {
    this.#code.addEventListener("input", () => {
      const grouped = codeGroups(this.#code.value);
      if (this.#code.value !== grouped) this.#code.value = grouped;
    });
    this.#dialog.append(
      h("form", { method: "dialog", onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#try(); } },
        h("div", { class: "dialog-head" }, this.#title,
          h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() }, icon("close"))),
        h("p", { class: "hint" }, "Type the camera's setup code: nine digits on its label, in ", h("code", {}, "setup-code.txt"), " on its card, or from ", h("code", {}, "meshcam code"), " on the camera."),
        h("div", { class: "field" }, icon("cameras"), this.#code), this.#passphraseField, this.#refusal, this.#submit));
    this.#dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
      if (this.#busy) event.preventDefault();
    });
    this.append(this.#dialog);
  }

  /** @param {FoundCamera} camera */
  open(camera) {
    this.#camera = camera;
    fill(this.#title, "Add ", named(camera.name));
    this.#code.value = "";
    this.#passphrase.value = "";
    this.#passphraseField.hidden = true;
    this.#passphrase.required = false;
    fill(this.#refusal);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#code.focus();
  }

  async #try() {
    const camera = this.#camera;
    if (!camera || this.#busy) return;
    this.#setBusy(true);
    fill(this.#refusal);
    try {
      if (!this.#passphraseField.hidden) {
        await unlock(this.#passphrase.value);
        this.#passphrase.value = "";
        this.#hidePassphrase();
      }
      const added = await addCamera(camera.id, this.#code.value);
      this.#dialog.close();
      mesh.toast(`${added.name} belongs to the mesh now.`);
      void mesh.refresh();
    } catch (error) {
      if (isLocked(error)) this.#askPassphrase();
      else this.#refuse(wordsOf(error));
    } finally {
      this.#setBusy(false);
    }
  }

  #askPassphrase() {
    this.#passphraseField.hidden = false;
    this.#passphrase.required = true;
    fill(this.#refusal, icon("lock"), h("span", {}, "This changes who belongs to the mesh. Type the passphrase that you sign in with once more."));
    queueMicrotask(() => this.#passphrase.focus());
  }

  #hidePassphrase() {
    this.#passphraseField.hidden = true;
    this.#passphrase.required = false;
  }

  /** @param {string} words */
  #refuse(words) {
    fill(this.#refusal, icon("attention"), h("span", {}, words));
    const field = this.#passphraseField.hidden ? this.#code : this.#passphrase;
    queueMicrotask(() => {
      field.select();
      field.focus();
    });
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.#submit.disabled = busy;
    setText(this.#submit, busy ? "Adding…" : "Add camera");
  }
}
customElements.define("mc-add-camera", AddCamera);
