// @ts-check
// Every password is forgotten: the printed recovery phrase makes a new admin.

import { Component, fill, h, setText } from "../dom.js";
import { brandMark, icon } from "../icons.js";
import { recover } from "../membership.js";
import { mesh, wordsOf } from "../mesh.js";

class RecoverMesh extends Component {
  #phrase = h("textarea", { name: "phrase", rows: 4, autocomplete: "off", autocapitalize: "none", spellcheck: false, required: true, "aria-label": "Recovery phrase", placeholder: "00000000 00000000 …", class: "phrase-input" });
  #user = h("input", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true, maxLength: 63, "aria-label": "User name", placeholder: "User name, yours or a new one" });
  #password = h("input", { name: "password", type: "password", autocomplete: "new-password", required: true, minLength: 12, "aria-label": "New passphrase", placeholder: "New passphrase: 12 characters or more" });
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "recover-error" });
  #submit = h("button", { class: "button primary", type: "submit" }, "Make me the admin");

  build() {
    const peek = h("button", { class: "icon-button", type: "button", "aria-label": "Show the passphrase", "aria-pressed": "false", onclick: () => {
      const show = this.#password.type === "password";
      this.#password.type = show ? "text" : "password";
      peek.setAttribute("aria-pressed", String(show));
    } }, icon("eye"));
    this.append(
      h("form", { onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#try(); } },
        brandMark(), h("h1", {}, "Every password forgotten?"),
        h("p", { class: "hint" }, "Type the recovery phrase that was printed when this mesh was founded. You become its admin with a new passphrase. Whoever else was an admin can only watch until you make them one again; cameras and footage stay as they are."),
        h("div", { class: "field tall" }, this.#phrase),
        h("div", { class: "field" }, icon("user"), this.#user),
        h("div", { class: "field" }, icon("lock"), this.#password, peek),
        this.#refusal, this.#submit,
        h("button", { class: "button quiet", type: "button", onclick: () => this.dispatchEvent(new CustomEvent("back")) }, "Back to sign in")));
  }

  enter() {
    queueMicrotask(() => this.#phrase.focus());
  }

  async #try() {
    this.#submit.disabled = true;
    setText(this.#submit, "One moment…");
    fill(this.#refusal);
    const username = this.#user.value.trim();
    const password = this.#password.value;
    try {
      await recover({ phrase: this.#phrase.value, username, password });
      this.#phrase.value = "";
      await mesh.signIn(username, password);
    } catch (error) {
      fill(this.#refusal, icon("attention"), h("span", {}, wordsOf(error)));
    } finally {
      this.#submit.disabled = false;
      setText(this.#submit, "Make me the admin");
    }
  }
}
customElements.define("mc-recover-mesh", RecoverMesh);
