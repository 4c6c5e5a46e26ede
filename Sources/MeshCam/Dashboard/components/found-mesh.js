// @ts-check
// The page of a camera that belongs to no mesh: add it from another camera, or make it the first one.

import { Component, fill, h, named, setText } from "../dom.js";
import { brandMark, icon } from "../icons.js";
import { codeGroups, foundMesh, untilMember } from "../membership.js";
import { mesh, store, wordsOf } from "../mesh.js";

class FoundMesh extends Component {
  #node = h("p", { class: "sign-in-node", "data-testid": "serving-node" });
  #code = h("input", { name: "code", inputMode: "numeric", autocomplete: "off", required: true, "aria-label": "Setup code of this camera", placeholder: "Setup code of this camera", class: "code" });
  #mesh = h("input", { name: "mesh", autocomplete: "off", required: true, maxLength: 63, "aria-label": "Name of the mesh", placeholder: "Name, such as Our house" });
  #user = h("input", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true, maxLength: 63, "aria-label": "User name", placeholder: "Your user name" });
  #password = h("input", { name: "password", type: "password", autocomplete: "new-password", required: true, minLength: 12, "aria-label": "Passphrase", placeholder: "Passphrase: 12 characters or more" });
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "found-mesh-error" });
  #submit = h("button", { class: "button primary", type: "submit" }, "Found a mesh");
  #page = h("main", { class: "sign-in" });

  build() {
    this.#code.addEventListener("input", () => {
      const grouped = codeGroups(this.#code.value);
      if (this.#code.value !== grouped) this.#code.value = grouped;
    });
    const peek = h("button", { class: "icon-button", type: "button", "aria-label": "Show the passphrase", "aria-pressed": "false", onclick: () => {
      const show = this.#password.type === "password";
      this.#password.type = show ? "text" : "password";
      peek.setAttribute("aria-pressed", String(show));
    } }, icon("eye"));
    this.#page.append(
      h("form", { onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#try(); } },
        brandMark(), h("h1", {}, "A new camera"), this.#node,
        h("p", { class: "hint" }, "You have other cameras? Open the page of one of them: this camera appears there by itself, to be added."),
        h("p", { class: "hint" }, "It is your first one? Found a mesh here:"),
        h("div", { class: "field" }, icon("cameras"), this.#code),
        h("div", { class: "field" }, icon("node"), this.#mesh),
        h("div", { class: "field" }, icon("user"), this.#user),
        h("div", { class: "field" }, icon("lock"), this.#password, peek),
        this.#refusal, this.#submit),
      h("p", { class: "sign-in-foot" }, "The code is nine digits: on the camera's label, in ", h("code", {}, "setup-code.txt"), " on its card, or from ", h("code", {}, "meshcam code"), "."));
    this.append(this.#page);
  }

  enter() {
    queueMicrotask(() => this.#code.focus());
  }

  render() {
    fill(this.#node, store.serving ? [h("strong", {}, named(store.serving.name)), " records and shows itself, alone"] : "");
  }

  async #try() {
    this.#submit.disabled = true;
    setText(this.#submit, "Founding…");
    fill(this.#refusal);
    const username = this.#user.value.trim();
    const password = this.#password.value;
    try {
      const founded = await foundMesh({ code: this.#code.value, mesh: this.#mesh.value.trim(), username, password });
      this.#showPhrase(founded, username, password);
    } catch (error) {
      fill(this.#refusal, icon("attention"), h("span", {}, wordsOf(error)));
      this.#submit.disabled = false;
      setText(this.#submit, "Found a mesh");
    }
  }

  /**
   * The only time that anybody sees it.
   * @param {{ name: string, recoveryPhrase: string }} founded
   * @param {string} username
   * @param {string} password
   */
  #showPhrase(founded, username, password) {
    const go = h("button", { class: "button primary", type: "button", onclick: async () => {
      go.disabled = true;
      setText(go, "Opening…");
      await untilMember();
      await mesh.reopen();
      await mesh.signIn(username, password).catch(() => {});
    } }, "I have it on paper");
    fill(this.#page,
      h("div", { class: "recovery" },
        brandMark(), h("h1", {}, named(founded.name)),
        h("p", {}, "This is the recovery phrase of your mesh. It is shown this once and kept nowhere: print it or write it down, and put it in a drawer. It outranks every password and every key of the mesh."),
        h("p", { class: "phrase", tabIndex: -1, "data-testid": "recovery-phrase" }, founded.recoveryPhrase),
        h("button", { class: "button", type: "button", onclick: () => print() }, "Print"), go));
    // Not on the button: whoever presses Enter once more must not lose the phrase.
    /** @type {HTMLElement | null} */ (this.#page.querySelector(".phrase"))?.focus();
  }
}
customElements.define("mc-found-mesh", FoundMesh);
