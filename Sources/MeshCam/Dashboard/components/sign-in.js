// @ts-check
// The door. It says which node stands behind it, and in words what was wrong.

import { Component, fill, h, named, setText } from "../dom.js";
import { brandMark, icon } from "../icons.js";
import { mesh, store, wordsOf } from "../mesh.js";

class SignIn extends Component {
  #node = h("p", { class: "sign-in-node", "data-testid": "serving-node" });
  #name = h("input", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true, "aria-label": "User name", placeholder: "User name" });
  #password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true, "aria-label": "Password", placeholder: "Password" });
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "sign-in-error" });
  #submit = h("button", { class: "button primary", type: "submit" }, "Sign in");
  #trust = h("mc-trust-dialog");
  #page = h("main", { class: "sign-in" });

  build() {
    const peek = h("button", { class: "icon-button", type: "button", "aria-label": "Show the password", "aria-pressed": "false", onclick: () => {
      const show = this.#password.type === "password";
      this.#password.type = show ? "text" : "password";
      peek.setAttribute("aria-pressed", String(show));
    } }, icon("eye"));
    const form = h("form", { onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#try(); } },
      brandMark(), h("h1", {}, "MeshCam"), this.#node,
      h("div", { class: "field" }, icon("user"), this.#name),
      h("div", { class: "field" }, icon("lock"), this.#password, peek),
      this.#refusal, this.#submit,
      h("button", { class: "forgotten", type: "button", onclick: () => fill(this.#page, h("mc-recover-mesh", { onback: () => fill(this.#page, form, foot, this.#trust) })) }, "Forgot every password?"));
    const foot = h("p", { class: "sign-in-foot" }, "Sign in at any node: you see all cameras.", h("br"),
      h("button", { type: "button", onclick: () => this.#trust.open() }, "Your browser warned you?"));
    this.#page.append(form, foot, this.#trust);
    this.append(this.#page);
  }

  enter() {
    this.whileHere(store.watch(["session"], () => this.render()));
    queueMicrotask(() => (this.#name.value ? this.#password : this.#name).focus());
  }

  render() {
    const node = store.serving;
    fill(this.#node, node ? ["Served by ", h("strong", {}, named(node.name))] : "");
  }

  async #try() {
    this.#submit.disabled = true;
    setText(this.#submit, "Signing in…");
    setText(this.#refusal, "");
    try {
      await mesh.signIn(this.#name.value.trim(), this.#password.value);
    } catch (error) {
      fill(this.#refusal, icon("attention"), h("span", {}, wordsOf(error)));
      this.#password.select();
      this.#password.focus();
    } finally {
      this.#submit.disabled = false;
      setText(this.#submit, "Sign in");
    }
  }
}
customElements.define("mc-sign-in", SignIn);
