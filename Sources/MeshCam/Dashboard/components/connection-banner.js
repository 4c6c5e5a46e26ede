// @ts-check
// The node that serves the page does not answer: say so, for how long, and where else the same page is.

import { Component, fill, h, named } from "../dom.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { patienceMs } from "../store.js";

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
    if (!store.isCutOff) {
      this.#box.hidden = true;
      // Told to all, because the pictures give way then too.
      if (phase === "lost") this.#timer = setTimeout(() => store.changed("connection"), since + patienceMs - Date.now() + 50);
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
