// @ts-check
// One camera, as large as the screen allows, and what it recorded lately.

import { Component, fill, h, named, reconcile, setText } from "../dom.js";
import { at, bytes, duration, kindWord, sentence, whenShort } from "../format.js";
import { icon } from "../icons.js";
import { lengthOf, mesh, store } from "../mesh.js";
import { cameraPlace, currentRoute, go, incidentPlace } from "../router.js";
import { thumbnail } from "./incident-card.js";

class CameraView extends Component {
  #camera = "";
  #tile = h("div", { class: "camera-stage" });
  #title = h("h1", { dir: "auto" });
  #facts = h("p", { class: "camera-facts" });
  #previous = h("a", { class: "icon-button", "aria-label": "Previous camera", title: "Previous camera (←)" }, icon("previous"));
  #next = h("a", { class: "icon-button", "aria-label": "Next camera", title: "Next camera (→)" }, icon("next"));
  #trouble = h("div", { class: "note", hidden: true });
  #clips = h("ol", { class: "clip-list", "data-testid": "camera-clips" });
  #clipsEmpty = h("p", { class: "strip-empty", hidden: true }, "This camera has recorded nothing yet. Clips appear here when something moves, or when you press record.");
  #body = h("div", {});
  #empty = h("div", { class: "empty", hidden: true });

  build() {
    this.#body.append(
      h("div", { class: "camera-head" }, h("a", { class: "icon-button", href: "#/", "aria-label": "Live grid", title: "Live grid (g)" }, icon("close")), h("div", { class: "camera-title" }, this.#title, this.#facts), this.#previous, this.#next),
      this.#tile, h("div", { class: "camera-below" }, this.#trouble, h("h2", {}, "Recent clips"), this.#clips, this.#clipsEmpty));
    this.append(this.#body, this.#empty);
  }

  enter() {
    this.#camera = currentRoute().id;
    const tile = h("mc-camera-tile", { camera: this.#camera, class: "alone", "data-testid": "camera-tile" });
    fill(this.#tile, tile);
    this.whileHere(store.watch(["cameras", "clips", "connection"], () => this.render()));
    void mesh.loadClips(this.#camera);
  }

  render() {
    const camera = store.cameras.get(this.#camera);
    this.#body.hidden = !camera && store.checked;
    this.#empty.hidden = !this.#body.hidden;
    if (!this.#empty.hidden) {
      fill(this.#empty, icon("cameras"), h("h2", {}, "This camera is not in the mesh"), h("p", {}, "It may have been removed, or the address is not quite right."), h("a", { class: "button", href: "#/" }, "All cameras"));
      return;
    }
    if (!camera) return;
    document.title = `${camera.name} · MeshCam`;
    setText(this.#title, camera.name);
    const facts = [`${camera.width}×${camera.height}`, `${Math.round(camera.fps)} fps`, camera.codec?.toUpperCase(), camera.night ? "night picture" : "", camera.groups?.length ? `group ${camera.groups.join(", ")}` : ""].filter(Boolean).join(" · ");
    if (this.#facts.dataset.state !== camera.nodeName + facts) {
      this.#facts.dataset.state = camera.nodeName + facts;
      fill(this.#facts, "on ", named(camera.nodeName), ` · ${facts}`);
    }
    this.#trouble.hidden = !camera.problem;
    if (camera.problem) fill(this.#trouble, icon("attention"), h("p", {}, `${sentence(camera.problem.message)} `, h("span", { class: "cure" }, sentence(camera.problem.cure ?? ""))));
    this.#renderNeighbours();
    this.#renderClips();
  }

  #neighbour(/** @type {number} */ by) {
    const all = store.cameraList;
    const index = all.findIndex((camera) => camera.id === this.#camera);
    return all.length > 1 && index >= 0 ? all[(index + by + all.length) % all.length] : undefined;
  }

  #renderNeighbours() {
    for (const [link, by] of /** @type {const} */ ([[this.#previous, -1], [this.#next, 1]])) {
      const other = this.#neighbour(by);
      link.hidden = !other;
      if (other) link.href = cameraPlace(other.id);
    }
  }

  #renderClips() {
    const page = store.clips.get(this.#camera);
    this.#clipsEmpty.hidden = !page || page.clips.length > 0;
    reconcile(this.#clips, page?.clips ?? [], (clip) => clip.id, () => h("li"), (item, clip) => {
      const isGrowing = clip.state === "recording" && store.isLive;
      const state = `${clip.state} ${isGrowing} ${clip.durationSeconds} ${clip.bytes}`;
      if (item.dataset.state === state) return;
      item.dataset.state = state;
      const when = whenShort(at(clip.triggered ?? clip.start), Date.now());
      fill(item, h("a", { class: "clip-link", href: incidentPlace(clip.event, clip.camera), "aria-label": `${when}, ${kindWord(clip.kind)}` },
        h("div", { class: "incident-picture" }, h("div", { class: "collage", "data-count": "1" }, thumbnail(clip)),
          isGrowing ? h("span", { class: "pill recording" }, h("i", { class: "dot" }), "Recording") : h("span", { class: "pill length" }, duration(lengthOf(clip)))),
        h("div", { class: "incident-facts" }, h("div", { class: "incident-line" }, h("span", { class: "incident-time" }, when)),
          h("div", { class: "incident-line second" }, h("span", { class: "kind-icon" }, icon(clip.kind)), h("span", { class: "incident-what" }, clip.label || kindWord(clip.kind)), h("span", { class: "incident-angles" }, bytes(clip.bytes))))));
    });
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    const other = event.key === "ArrowLeft" ? this.#neighbour(-1) : event.key === "ArrowRight" ? this.#neighbour(1) : undefined;
    if (!other || event.shiftKey) return false;
    go(cameraPlace(other.id));
    return true;
  }
}
customElements.define("mc-camera-view", CameraView);
