// @ts-check
// The phone's way around: within reach of a thumb.

import { Component, h } from "../dom.js";
import { icon } from "../icons.js";
import { store } from "../mesh.js";
import { markPlace, places } from "./page-header.js";

class BottomBar extends Component {
  #nav = h("nav", { class: "bottom-bar", "aria-label": "Pages" },
    [...places, { name: "settings", label: "Settings", href: "#/settings", icon: "settings" }].map((place) =>
      h("a", { href: place.href, "data-place": place.name }, icon(place.icon), h("span", {}, place.label))));

  build() {
    this.append(this.#nav);
  }

  enter() {
    this.whileHere(store.watch(["route"], () => this.render()));
  }

  render() {
    markPlace(this.#nav);
  }
}
customElements.define("mc-bottom-bar", BottomBar);
