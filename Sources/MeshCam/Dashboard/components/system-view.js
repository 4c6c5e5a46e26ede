// @ts-check
// Is everything well? Problems with their cures first, then every node and its cameras.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { at, clockTime, count, offset, span } from "../format.js";
import { healthOf, unknownClocks } from "../health.js";
import { icon } from "../icons.js";
import { mesh, store } from "../mesh.js";
import { cameraPlace } from "../router.js";
import { offWord } from "./camera-tile.js";

/** @import { Camera, MeshNode } from "../types.js" */

class SystemView extends Component {
  #summary = h("div", { class: "summary", "data-testid": "summary" });
  #problems = h("ul", { class: "problems" });
  #nodes = h("ul", { class: "nodes", "data-testid": "nodes" });
  #empty = h("div", { class: "empty", hidden: true });
  #stolen = h("mc-stolen-camera");

  build() {
    this.append(h("div", { class: "page" }, h("div", { class: "page-title" }, h("h1", {}, "Cameras and nodes")), this.#summary, h("mc-found-cameras"), this.#problems, this.#nodes, this.#empty, h("mc-storage-section"), h("mc-join-cards")), this.#stolen);
  }

  enter() {
    document.title = "Cameras and nodes · MeshCam";
    this.whileHere(store.watch(["cameras", "nodes", "connection"], () => this.render()));
    const timer = setInterval(() => this.render(), 1000);
    this.whileHere(() => clearInterval(timer));
  }

  render() {
    const health = healthOf(store, Date.now());
    this.#renderSummary(health);
    // Who is cut off reads so in the banner already.
    reconcile(this.#problems, store.isCutOff ? [] : health.problems, (problem) => `${problem.where}\n${problem.cure}\n${problem.message.replace(/\d+/g, "")}`, () => h("li", { class: "note" }), (item, problem) => {
      refill(item, `${problem.where}\n${problem.message}`, () => [icon("attention"), h("p", {}, h("strong", {}, named(problem.where), ": "), problem.message, " ", h("span", { class: "cure" }, problem.cure))]);
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
    const clocks = nodes.filter((node) => node.online).map((node) => Math.abs(node.clockOffsetSeconds ?? NaN) + (node.clockUncertaintySeconds ?? NaN)).filter(Number.isFinite);
    const unknown = unknownClocks(nodes).length;
    this.#summary.dataset.level = health.level;
    const facts = nodes.length === 0 ? [] : [
      store.connection.phase === "lost" ? `As of ${clockTime(store.connection.since)}` : "",
      `${nodes.filter((node) => node.online).length} of ${count(nodes.length, "node")} online`,
      `${cameras.filter((camera) => camera.online && camera.state === "running").length} of ${count(cameras.length, "camera")} running`,
      versions.size === 1 ? `version ${[...versions][0]}` : versions.size > 1 ? `${versions.size} different versions` : "",
      clocks.length > 0 ? `clocks within ${offset(Math.max(...clocks)).slice(1)}` : "",
      unknown > 0 ? `${clocks.length > 0 ? count(unknown, "clock") : "clocks"} not checked` : "",
    ].filter(Boolean);
    refill(this.#summary, [health.text, ...facts].join("\n"), () => [h("span", { class: "summary-icon" }, icon(health.level === "ok" ? "check" : health.level === "attention" ? "attention" : "motion")), h("div", {}, h("strong", {}, health.text), h("p", {}, facts.join(" · ")))]);
  }

  /**
   * @param {HTMLElement} item
   * @param {MeshNode} node
   */
  #renderNode(item, node) {
    const cameras = store.cameraList.filter((camera) => camera.node === node.id && camera.state !== "none");
    const link = node.online && !node.self ? mesh.samePlaceAt(node) : "";
    const open = link ? h("a", { class: "button quiet", href: link }, "Open via this node") : null;
    const known = node.online && store.isLive;
    item.classList.toggle("is-off", !node.online);
    const { lastSeen: _, uptimeSeconds, ...facts } = node;
    const mayGo = !node.self && store.session?.user.role === "admin";
    const rows = cameras.map((camera) => [camera.id, camera.name, cameraWords(camera), camera.width, camera.height, camera.fps]);
    refill(item, JSON.stringify([facts, nodeWords(node), rows, link, mayGo, store.connection.phase]), () => [
      h("div", { class: "node-head" },
        h("span", { class: `node-mark ${known ? "on" : node.online ? "unknown" : "off"}` }),
        h("div", { class: "node-name" }, h("strong", {}, named(node.name)), h("span", {}, nodeWords(node))),
        node.self ? h("span", { class: "tag" }, "serves this page") : null,
        node.coordinator ? h("span", { class: "tag" }, "coordinator") : null,
        h("span", { class: "spring" }), open),
      store.session?.user.role !== "admin" ? h("span") : h("dl", { class: "node-facts" },
        fact("Version", node.version || "not known"),
        fact("Clock", clockWords(node)),
        fact("Address", (node.addresses ?? []).slice(0, 3).join(", ") || "not known")),
      h("ul", { class: "node-cameras" }, cameras.length > 0 ? cameras.map(cameraRow) : h("li", { class: "none" }, "No camera on this node")),
      mayGo ? h("div", { class: "node-stolen" }, h("button", { class: "button quiet", type: "button", onclick: () => this.#stolen.open(store.nodes.get(node.id) ?? node) }, "This camera was stolen")) : null,
    ]);
  }
}

/**
 * Fills an element anew only when what it tells has changed, so that focus and pointer stay where they are.
 * @param {HTMLElement} element
 * @param {string} state
 * @param {() => (Node | string | null)[]} make
 */
function refill(element, state, make) {
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  fill(element, ...make());
}

/** @param {MeshNode} node */
function nodeWords(node) {
  if (!node.online) return `${node.status === "left" ? "switched off" : "offline"} for ${span((Date.now() - at(node.lastSeen)) / 1000)}`;
  if (!store.isLive) return "not known now";
  if (node.missing) return "slow to answer";
  return node.uptimeSeconds === undefined ? "online" : `online, up ${span(node.uptimeSeconds)}`;
}

/** @param {MeshNode} node */
function clockWords(node) {
  if (!node.online) return "not known while offline";
  // It has not told anything of itself yet.
  if (node.uptimeSeconds === undefined) return "not known yet";
  if (!Number.isFinite(node.clockOffsetSeconds)) return "not checked: no time server in use";
  return `${offset(node.clockOffsetSeconds ?? NaN)}, uncertain by ${offset(node.clockUncertaintySeconds ?? NaN).slice(1)}`;
}

/** @param {Camera} camera */
function cameraWords(camera) {
  const off = offWord(camera);
  if (off) return off;
  if (!store.isLive) return "not known now";
  return [camera.motion && "motion", camera.recording && "recording"].filter(Boolean).join(", ") || "running";
}

/**
 * @param {string} term
 * @param {string} value
 */
const fact = (term, value) => h("div", {}, h("dt", {}, term), h("dd", {}, value));

/** @param {Camera} camera */
function cameraRow(camera) {
  const off = offWord(camera);
  const picture = camera.width ? `${camera.width}×${camera.height} · ${Math.round(camera.fps)} fps` : "";
  return h("li", {}, h("a", { href: cameraPlace(camera.id), class: off ? "off" : "" }, icon(off ? "offline" : "cameras"), h("span", { class: "row-name" }, named(camera.name)), h("span", { class: "row-state" }, cameraWords(camera)), h("span", { class: "row-facts" }, picture), icon("next")));
}
customElements.define("mc-system-view", SystemView);
