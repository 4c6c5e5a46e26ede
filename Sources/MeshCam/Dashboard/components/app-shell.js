// @ts-check
// The frame of the page: sign-in, or header, banner, one view and the bottom bar.

import { Component, fill, h } from "../dom.js";
import { brandMark } from "../icons.js";
import { store } from "../mesh.js";
import { currentRoute } from "../router.js";

/** @type {Record<string, string>} */
const views = {
  live: "mc-live-view",
  incidents: "mc-incidents-view",
  incident: "mc-incident-player",
  cameras: "mc-system-view",
  camera: "mc-camera-view",
  settings: "mc-settings-view",
};

class AppShell extends Component {
  #shown = "";
  #main = h("main", { id: "main", tabIndex: -1 });
  /** The first answer has come: until then neither sign-in nor the page is right. */
  #answered = false;

  enter() {
    this.whileHere(store.watch(["session"], () => {
      this.#answered = true;
      this.render();
    }));
    this.whileHere(store.watch(["connection"], () => this.render()));
    this.listen(window, "hashchange", () => {
      this.render();
      scrollTo(0, 0);
      store.changed("route");
    });
  }

  render() {
    if (!this.#answered) return this.#splash();
    if (!store.session && store.serving && !store.serving.mesh) return this.#show("found-mesh", () => [h("mc-found-mesh")]);
    if (!store.session) return this.#show("sign-in", () => [h("mc-sign-in")]);
    this.#show("page", () => [
      h("a", { class: "skip-link", href: "#main", onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#main.focus();
      } }, "Skip to the pictures"),
      h("mc-page-header"),
      h("mc-connection-banner"),
      this.#main,
      h("mc-bottom-bar"),
      h("mc-toast-list"),
      h("mc-help-dialog"),
    ]);
    const route = currentRoute();
    const place = `${route.name}/${route.id}`;
    if (this.#main.dataset.place === place && this.#main.firstElementChild) return;
    this.#main.dataset.place = place;
    this.#main.dataset.route = route.name;
    fill(this.#main, h(views[route.name], { "data-view": route.name }));
  }

  #splash() {
    const lost = store.connection.phase === "lost";
    const words = lost ? `${store.connection.reason} Trying again…` : "";
    this.#show(`splash ${words}`, () => [h("div", { class: "splash", role: "status" }, brandMark(), h("p", {}, words))]);
  }

  /**
   * @param {string} what
   * @param {() => Node[]} make
   */
  #show(what, make) {
    if (this.#shown === what) return;
    this.#shown = what;
    if (what !== "page") {
      this.#main.replaceChildren();
      document.title = "MeshCam";
    }
    fill(this, ...make());
  }
}
customElements.define("mc-app", AppShell);
