// @ts-check
// "No more warnings": how to trust the mesh's certificate, once on each phone and computer.

import { Component, fill, h, named, setText } from "../dom.js";
import { icon } from "../icons.js";
import { unlock } from "../membership.js";
import { store, wordsOf } from "../mesh.js";
import { certificateFile, certificateText, deviceOf, devices, fingerprintPairs, meshCertificate } from "../trust.js";

/** @import { Authority, Device } from "../trust.js" */

class TrustDialog extends Component {
  #body = h("div", { class: "trust-body" });
  #dialog = h("dialog", { class: "trust", "aria-labelledby": "trust-title", "data-testid": "trust" });

  build() {
    this.#dialog.append(
      h("div", { class: "dialog-head" }, h("h2", { id: "trust-title" }, "No more warnings"),
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() }, icon("close"))),
      this.#body);
    this.#dialog.addEventListener("click", (/** @type {Event} */ event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    this.append(this.#dialog);
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#load();
  }

  async #load() {
    try {
      const { authority } = await meshCertificate();
      if (authority) this.#explain(authority);
      else this.#notYet();
    } catch (error) {
      fill(this.#body, h("p", { class: "refusal" }, icon("attention"), h("span", {}, wordsOf(error))));
    }
  }

  /** @param {Authority} authority */
  #explain(authority) {
    const guess = deviceOf(navigator.userAgent, navigator.maxTouchPoints > 1);
    fill(this.#body,
      h("p", {}, "Browsers warn because they do not know your cameras. Tell each phone and computer once that you do: then the warning is gone, at every camera of this mesh."),
      h("p", { class: "trust-limit" }, icon("lock"), h("span", {}, "You risk nothing elsewhere: this certificate is good for names and addresses inside a home, and browsers refuse it for any website.")),
      h("div", { class: "trust-files" },
        h("a", { class: "button primary", href: certificateFile }, icon("download"), "Download"),
        h("a", { class: "button quiet", href: certificateText, download: "meshcam-ca.pem" }, "As text (PEM)")),
      h("div", { class: "trust-devices" }, devices(authority.name).map((device) => steps(device, device.id === guess))),
      h("dl", { class: "trust-facts" },
        h("div", {}, h("dt", {}, "Its name"), h("dd", {}, named(authority.name))),
        h("div", {}, h("dt", {}, "Its fingerprint (SHA-256)"), h("dd", { class: "fingerprint", "data-testid": "fingerprint" }, fingerprintPairs(authority.fingerprint)))));
  }

  /** The root was never unlocked since this mesh knows of certificates. */
  #notYet() {
    const isAdmin = store.session?.user.role === "admin";
    const passphrase = h("input", { name: "passphrase", type: "password", autocomplete: "current-password", required: true, "aria-label": "Your passphrase", placeholder: "Your passphrase" });
    const refusal = h("p", { class: "refusal", role: "alert" });
    const submit = h("button", { class: "button primary", type: "submit" }, "Make it");
    fill(this.#body,
      h("p", {}, "Browsers warn because this mesh has no certificate of its own yet. ", isAdmin ? "Type the passphrase that you sign in with, and it is made." : "It is made when an admin types the passphrase, for instance to add a camera."),
      isAdmin && h("form", { class: "trust-make", onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        submit.disabled = true;
        setText(submit, "Making…");
        fill(refusal);
        try {
          await unlock(passphrase.value);
          await this.#load();
        } catch (error) {
          fill(refusal, icon("attention"), h("span", {}, wordsOf(error)));
        } finally {
          submit.disabled = false;
          setText(submit, "Make it");
        }
      } }, h("div", { class: "field" }, icon("lock"), passphrase), refusal, submit));
  }
}

/**
 * @param {Device} device
 * @param {boolean} open
 */
const steps = (device, open) =>
  h("details", { open, name: "trust-device" }, h("summary", {}, h("span", {}, device.name), icon("next")), h("ol", {}, device.steps.map((step) => h("li", {}, step))));

customElements.define("mc-trust-dialog", TrustDialog);
