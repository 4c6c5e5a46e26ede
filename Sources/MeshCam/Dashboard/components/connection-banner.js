// @ts-check
// The node that serves the page does not answer: say so, for how long, and where else the same page is.

import { Component, fill, h, named } from "../dom.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";

/** Shorter losses mend themselves before anybody needs to read about them. */
const patienceMs = 4000;

class ConnectionBanner extends Component {
  #box = h("div", { class: "banner", role: "alert", hidden: true });
  #timer = 0;

  build() {
    this.append(this.#box);
  }

  enter() {
    this.whileHere(store.watch(["connection"], () => this.render()));
    this.whileHere(() => clearTimeout(this.#timer));
  }

  render() {
    clearTimeout(this.#timer);
    const { phase, since, reason } = store.connection;
    const wait = since + patienceMs - Date.now();
    if (phase !== "lost" || wait > 0) {
      this.#box.hidden = true;
      if (phase === "lost") this.#timer = setTimeout(() => this.render(), wait + 50);
      return;
    }
    const others = mesh.otherNodes();
    const state = `${since} ${reason} ${others.map((node) => node.url).join(" ")}`;
    this.#box.hidden = false;
    if (this.#box.dataset.state === state) return;
    this.#box.dataset.state = state;
    const age = h("mc-age-text");
    age.since = since;
    fill(this.#box,
      icon("attention"),
      h("p", {}, h("strong", {}, named(store.serving?.name ?? "This node")), " has not answered for ", age, `. ${reason} Trying again.`),
      others.length > 0 ? h("p", { class: "elsewhere" }, "The same page at: ", others.map((node) => h("a", { href: node.url }, named(node.name)))) : null,
    );
  }
}
customElements.define("mc-connection-banner", ConnectionBanner);
