// @ts-check
// What came of the last action, said once and quietly.

import { Component, fill, h, reconcile } from "../dom.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";

class ToastList extends Component {
  #list = h("ol", { class: "toasts", role: "status", "aria-live": "polite", "data-testid": "toasts" });

  build() {
    this.append(this.#list);
  }

  enter() {
    this.whileHere(store.watch(["toasts"], () => this.render()));
  }

  render() {
    reconcile(this.#list, store.toasts, (toast) => String(toast.id), (toast) => {
      const item = h("li", { class: toast.needsYou ? "toast needs-you" : "toast" });
      fill(item,
        icon(toast.needsYou ? "attention" : "check"),
        h("span", { dir: "auto" }, toast.text),
        toast.href ? h("a", { href: toast.href, onclick: () => mesh.dismiss(toast.id) }, toast.link ?? "Show") : null,
        h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => mesh.dismiss(toast.id) }, icon("close")),
      );
      return item;
    }, () => {});
  }
}
customElements.define("mc-toast-list", ToastList);
