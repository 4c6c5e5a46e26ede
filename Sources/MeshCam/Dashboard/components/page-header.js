// @ts-check
// Which mesh, by way of which node, whether all is well, and who is looking.

import { Component, fill, h, named, setText } from "../dom.js";
import { healthOf } from "../health.js";
import { brandMark, icon } from "../icons.js";
import { openHelp } from "../keys.js";
import { mesh, store } from "../mesh.js";
import { currentRoute } from "../router.js";
import { themePicker } from "../theme-picker.js";

export const places = [
  { name: "live", label: "Live", href: "#/", icon: "live" },
  { name: "incidents", label: "Incidents", href: "#/incidents", icon: "incidents" },
  { name: "cameras", label: "Cameras", href: "#/cameras", icon: "cameras" },
];

/** @param {HTMLElement} bar  marks the link of the place shown */
export function markPlace(bar) {
  const route = currentRoute().name;
  const place = route === "incident" ? "incidents" : route === "camera" ? "live" : route;
  for (const link of bar.querySelectorAll("a[data-place]")) {
    if (/** @type {HTMLElement} */ (link).dataset.place === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

class PageHeader extends Component {
  #via = h("span", { class: "via", "data-testid": "via" });
  #nav = h("nav", { class: "places", "aria-label": "Pages" }, places.map((place) => h("a", { href: place.href, "data-place": place.name }, place.label)));
  #healthText = h("span");
  #healthIcon = h("span", { class: "health-icon" });
  #health = h("a", { class: "health", href: "#/cameras", "data-testid": "health", role: "status" }, this.#healthIcon, this.#healthText);
  #userName = h("span", { class: "user-name" });
  #menu = h("div", { class: "menu", id: "user-menu", popover: "auto" });
  #shownLevel = "";

  build() {
    this.append(
      h("header", { class: "page-header" },
        h("a", { class: "brand", href: "#/", "aria-label": "MeshCam, live pictures" }, brandMark(), h("span", { class: "brand-name" }, "MeshCam")),
        this.#via,
        this.#nav,
        h("span", { class: "spring" }),
        this.#health,
        h("button", { class: "user", type: "button", "data-testid": "user-menu", "aria-label": "User menu", popovertarget: "user-menu" }, icon("user"), this.#userName),
        this.#menu,
      ),
    );
    this.#menu.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
      if (event.newState === "open") this.#fillMenu();
    });
  }

  enter() {
    this.whileHere(store.watch(["connection", "cameras", "nodes", "session", "route"], () => this.render()));
    const timer = setInterval(() => this.#renderHealth(), 1000);
    this.whileHere(() => clearInterval(timer));
  }

  render() {
    const name = store.serving?.name ?? store.session?.node.name ?? "";
    if (this.#via.dataset.name !== name) {
      this.#via.dataset.name = name;
      fill(this.#via, "via ", named(name));
    }
    setText(this.#userName, store.session?.user.name ?? "");
    markPlace(this.#nav);
    this.#renderHealth();
  }

  #renderHealth() {
    const health = healthOf(store, Date.now());
    setText(this.#healthText, health.text);
    this.#health.dataset.level = health.level;
    // Written only where it differs: a tooltip in view would flicker.
    const title = health.problems.map((problem) => `${problem.where}: ${problem.message}`).join("\n");
    if (this.#health.title !== title) this.#health.title = title;
    if (this.#shownLevel !== health.level) {
      this.#shownLevel = health.level;
      fill(this.#healthIcon, health.level === "attention" ? icon("attention") : health.level === "ok" ? icon("check") : icon("motion"));
    }
  }

  #fillMenu() {
    const close = () => this.#menu.hidePopover();
    fill(this.#menu,
      h("div", { class: "menu-head" }, h("strong", {}, named(store.session?.user.name ?? "")), h("span", {}, store.session?.user.role ?? "")),
      themePicker(),
      h("a", { href: "#/settings", onclick: close }, icon("settings"), "Settings"),
      h("button", { type: "button", onclick: () => { close(); openHelp(); } }, icon("help"), "Keys", h("kbd", {}, "?")),
      h("button", { type: "button", "data-testid": "sign-out", onclick: () => { close(); void mesh.signOut(); } }, icon("sign-out"), "Sign out"),
    );
  }
}
customElements.define("mc-page-header", PageHeader);
