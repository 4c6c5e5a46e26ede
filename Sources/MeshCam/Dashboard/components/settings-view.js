// @ts-check
// What there is to set today: the look, who is signed in, and which node serves the page.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { zoneName } from "../format.js";
import { icon } from "../icons.js";
import { openHelp } from "../keys.js";
import { mesh, store } from "../mesh.js";
import { themePicker } from "../theme-picker.js";
import { openOwnPassword } from "./own-password.js";

class SettingsView extends Component {
  #user = h("p", {});
  #via = h("p", {});
  #nodes = h("ul", { class: "elsewhere-list" });
  #people = h("div", { hidden: true });
  #trust = h("mc-trust-dialog");

  build() {
    this.append(h("div", { class: "page narrow" },
      h("div", { class: "page-title" }, h("h1", {}, "Settings")),
      section("Look", h("p", {}, "Kept in this browser."), themePicker()),
      section("Signed in", this.#user, h("div", { class: "elsewhere-list" },
        h("button", { class: "button", type: "button", onclick: openOwnPassword }, icon("lock"), "Change my password"),
        h("button", { class: "button", type: "button", onclick: () => void mesh.signOut() }, icon("sign-out"), "Sign out"))),
      this.#people,
      section("Nodes", this.#via, this.#nodes),
      section("No more warnings", h("p", {}, "Browsers warn until they know this mesh's own certificate."), h("button", { class: "button", type: "button", onclick: () => this.#trust.open() }, icon("lock"), "Trust it"), this.#trust),
      section("Time", h("p", {}, `All times are in ${zoneName()}, the zone of this device.`)),
      h("div", { class: "wide-only" }, section("Keys", h("p", {}, "Everything can be reached by keyboard."), h("button", { class: "button", type: "button", onclick: openHelp }, icon("help"), "Show the keys")))));
  }

  enter() {
    document.title = "Settings · MeshCam";
    this.whileHere(store.watch(["session", "nodes"], () => this.render()));
  }

  render() {
    this.#people.hidden = store.session?.user.role !== "admin";
    if (!this.#people.hidden && !this.#people.firstChild) {
      this.#people.append(section("Users", h("mc-users-section")), section("Tokens", h("mc-tokens-section")), section("Audit log", h("mc-audit-section")));
    }
    fill(this.#user, h("strong", {}, named(store.session?.user.name ?? "")), `, ${store.session?.user.role ?? ""}`);
    fill(this.#via, "This page is served by ", h("strong", {}, named(store.serving?.name ?? "")), `, version ${store.serving?.version ?? "unknown"}. Every other node shows the same.`);
    reconcile(this.#nodes, mesh.otherNodes(), (node) => node.url, (node) => h("li", {}, h("a", { href: node.url, class: "button" }, named(node.name))), () => {});
  }
}

/**
 * @param {string} title
 * @param {...Node} content
 */
const section = (title, ...content) => h("section", { class: "setting" }, h("h2", {}, title), h("div", { class: "setting-body" }, ...content));
customElements.define("mc-settings-view", SettingsView);
