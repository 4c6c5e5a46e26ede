// @ts-check
// Is everything well? Problems with their cures first, then every node and its cameras.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { at, count, offset, span } from "../format.js";
import { healthOf } from "../health.js";
import { icon } from "../icons.js";
import { store } from "../mesh.js";
import { cameraPlace } from "../router.js";
import { offlineWords } from "./camera-tile.js";

/** @import { Camera, MeshNode } from "../types.js" */

class SystemView extends Component {
  #summary = h("div", { class: "summary", "data-testid": "summary" });
  #problems = h("ul", { class: "problems" });
  #nodes = h("ul", { class: "nodes", "data-testid": "nodes" });
  #empty = h("div", { class: "empty", hidden: true });

  build() {
    this.append(h("div", { class: "page" }, h("div", { class: "page-title" }, h("h1", {}, "Cameras and nodes")), this.#summary, this.#problems, this.#nodes, this.#empty));
  }

  enter() {
    document.title = "Cameras and nodes · MeshCam";
    this.whileHere(store.watch(["cameras", "nodes", "connection"], () => this.render()));
    const timer = setInterval(() => this.render(), 10_000);
    this.whileHere(() => clearInterval(timer));
  }

  render() {
    const health = healthOf(store, Date.now());
    this.#renderSummary(health);
    reconcile(this.#problems, health.problems, (problem) => `${problem.where}\n${problem.cure}\n${problem.message.replace(/\d+/g, "")}`, () => h("li", { class: "note" }), (item, problem) => {
      fill(item, icon("attention"), h("p", {}, h("strong", {}, named(problem.where), ": "), problem.message, " ", h("span", { class: "cure" }, problem.cure)));
    });
    reconcile(this.#nodes, store.nodeList, (node) => node.id, () => h("li", { class: "node" }), (item, node) => this.#renderNode(item, node));
    this.#empty.hidden = store.nodes.size > 0 || !store.checked;
    if (!this.#empty.hidden) fill(this.#empty, icon("node"), h("h2", {}, "No node is listed"), h("p", {}, "Every node of this mesh appears here by itself. This page should at least show the node that serves it: try to reload."));
  }

  /** @param {import("../health.js").Health} health */
  #renderSummary(health) {
    const nodes = store.nodeList;
    const cameras = store.cameraList.filter((camera) => camera.state !== "none");
    const versions = new Set(nodes.map((node) => node.version));
    const clocks = nodes.filter((node) => node.online).map((node) => Math.abs(node.clockOffsetSeconds) + node.clockUncertaintySeconds).filter(Number.isFinite);
    this.#summary.dataset.level = health.level;
    const head = health.level === "ok" ? "All well" : health.level === "checking" ? health.text : health.text;
    const facts = [
      `${nodes.filter((node) => node.online).length} of ${count(nodes.length, "node")} online`,
      `${cameras.filter((camera) => camera.online && camera.state === "running").length} of ${count(cameras.length, "camera")} running`,
      versions.size === 1 ? `version ${[...versions][0]}` : versions.size > 1 ? `${versions.size} different versions` : "",
      clocks.length > 0 ? `clocks within ${offset(Math.max(...clocks)).slice(1)}` : "",
    ].filter(Boolean);
    fill(this.#summary, h("span", { class: "summary-icon" }, icon(health.level === "ok" ? "check" : health.level === "attention" ? "attention" : "motion")), h("div", {}, h("strong", {}, head), h("p", {}, facts.join(" · "))));
  }

  /**
   * @param {HTMLElement} item
   * @param {MeshNode} node
   */
  #renderNode(item, node) {
    const cameras = store.cameraList.filter((camera) => camera.node === node.id && camera.state !== "none");
    const link = location.protocol === "http:" && node.httpUrl ? node.httpUrl : node.url;
    const open = node.online && !node.self && /^https?:\/\//.test(link ?? "") ? h("a", { class: "button quiet", href: `${link}/${location.hash}` }, "Open via this node") : null;
    item.classList.toggle("is-off", !node.online);
    fill(item,
      h("div", { class: "node-head" },
        h("span", { class: `node-mark ${node.online ? "on" : "off"}` }),
        h("div", { class: "node-name" }, h("strong", {}, named(node.name)), h("span", {}, node.online ? `online, up ${span(node.uptimeSeconds)}` : `offline for ${span((Date.now() - at(node.lastSeen)) / 1000)}`)),
        node.self ? h("span", { class: "tag" }, "serves this page") : null,
        node.coordinator ? h("span", { class: "tag" }, "coordinator") : null,
        h("span", { class: "spring" }), open),
      h("dl", { class: "node-facts" },
        fact("Version", node.version),
        fact("Clock", Number.isFinite(node.clockOffsetSeconds) ? `${offset(node.clockOffsetSeconds)}, uncertain by ${offset(node.clockUncertaintySeconds).slice(1)}` : "not known"),
        fact("Address", (node.addresses ?? []).slice(0, 3).join(", ") || "not known")),
      h("ul", { class: "node-cameras" }, cameras.length > 0 ? cameras.map(cameraRow) : h("li", { class: "none" }, "No camera on this node")));
  }
}

/**
 * @param {string} term
 * @param {string} value
 */
const fact = (term, value) => h("div", {}, h("dt", {}, term), h("dd", {}, value));

/** @param {Camera} camera */
function cameraRow(camera) {
  const off = offlineWords(camera);
  const words = off || [camera.motion && "motion", camera.recording && "recording"].filter(Boolean).join(", ") || "running";
  return h("li", {}, h("a", { href: cameraPlace(camera.id), class: off ? "off" : "" }, icon(off ? "offline" : "cameras"), h("span", { class: "row-name" }, named(camera.name)), h("span", { class: "row-state" }, words), h("span", { class: "row-facts" }, `${camera.width}×${camera.height} · ${Math.round(camera.fps)} fps`), icon("next")));
}
customElements.define("mc-system-view", SystemView);
