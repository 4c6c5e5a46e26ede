// @ts-check
// Is somebody there now? All cameras, as large as the screen allows; above them what happened last.

import { Component, fill, h, reconcile } from "../dom.js";
import { columnLayout, gridLayout } from "../grid-layout.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";

const perPage = 16;
const narrow = matchMedia("(max-width: 719px)");

class LiveView extends Component {
  #found = h("mc-found-cameras");
  #grid = h("div", { class: "grid", "data-testid": "grid" });
  #pager = h("div", { class: "pager", hidden: true });
  #empty = h("div", { class: "empty", hidden: true });
  #page = 0;

  build() {
    this.append(h("h1", { class: "visually-hidden" }, "Live"), this.#found, h("mc-incident-strip"), this.#grid, this.#pager, this.#empty);
  }

  enter() {
    document.title = "Live · MeshCam";
    this.whileHere(store.watch(["cameras", "connection"], () => this.render()));
    const observer = new ResizeObserver(() => this.#place());
    observer.observe(this);
    observer.observe(/** @type {Element} */ (this.querySelector("mc-incident-strip")));
    observer.observe(this.#found);
    this.whileHere(() => observer.disconnect());
    this.listen(window, "resize", () => this.#place());
  }

  render() {
    const all = store.cameraList.filter((camera) => camera.state !== "none");
    const pages = Math.max(1, Math.ceil(all.length / perPage));
    this.#page = Math.min(this.#page, pages - 1);
    const cameras = all.slice(this.#page * perPage, (this.#page + 1) * perPage);
    reconcile(this.#grid, cameras, (camera) => camera.id, (camera) => h("mc-camera-tile", { camera: camera.id, "data-testid": "camera-tile" }), () => {});
    this.#renderPager(pages);
    this.#renderEmpty(all.length);
    this.#place();
  }

  #place() {
    const tiles = /** @type {HTMLElement[]} */ ([...this.#grid.children]);
    const width = this.#grid.clientWidth;
    if (width === 0) return;
    const top = this.#grid.getBoundingClientRect().top + scrollY;
    const foot = this.#pager.hidden ? 16 : 76;
    const layout = narrow.matches ? columnLayout(tiles.length, width, { gap: 8 }) : gridLayout(tiles.length, width, Math.max(320, innerHeight - top - foot), { gap: 8 });
    tiles.forEach((tile, index) => {
      const rect = layout.rects[index];
      if (!rect) return;
      Object.assign(tile.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` });
      tile.classList.toggle("small", rect.width < 300);
    });
    this.#grid.style.height = `${layout.height}px`;
  }

  /** @param {number} pages */
  #renderPager(pages) {
    this.#pager.hidden = pages < 2;
    if (pages < 2) return;
    const turn = (/** @type {number} */ by) => () => {
      this.#page = (this.#page + by + pages) % pages;
      this.render();
    };
    fill(this.#pager,
      h("button", { class: "icon-button", type: "button", "aria-label": "Previous cameras", onclick: turn(-1) }, icon("previous")),
      h("span", {}, `${this.#page + 1} of ${pages}`),
      h("button", { class: "icon-button", type: "button", "aria-label": "Next cameras", onclick: turn(1) }, icon("next")));
  }

  /** @param {number} cameras */
  #renderEmpty(cameras) {
    this.#empty.hidden = cameras > 0 || !store.checked;
    if (this.#empty.hidden || this.#empty.firstChild) return;
    fill(this.#empty, icon("cameras"), h("h2", {}, "No camera yet"),
      h("p", {}, "Live pictures appear here by themselves, seconds after a node with a camera joins this mesh. Plug a camera into a node, or start another node on this network."),
      h("p", {}, "On the node, ", h("code", {}, "meshcam doctor"), " says what is missing."),
      h("button", { class: "button", type: "button", onclick: () => void mesh.refresh() }, "Look again"));
  }
}
customElements.define("mc-live-view", LiveView);
