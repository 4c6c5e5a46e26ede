// @ts-check
// "12 min", kept true by one shared timer. The words around it belong to whoever uses it.

import { setText } from "../dom.js";
import { span } from "../format.js";

/** @type {Set<AgeText>} */
const shown = new Set();
setInterval(() => {
  for (const element of shown) element.update();
}, 1000);

export class AgeText extends HTMLElement {
  #since = NaN;

  /** ms since 1970 from which the age counts */
  set since(/** @type {number} */ ms) {
    if (Object.is(ms, this.#since)) return;
    this.#since = ms;
    this.update();
  }

  connectedCallback() {
    shown.add(this);
    this.update();
  }

  disconnectedCallback() {
    shown.delete(this);
  }

  update() {
    setText(this, span((Date.now() - this.#since) / 1000));
  }
}
customElements.define("mc-age-text", AgeText);
