// @ts-check
// The one quiet line in the header: "all well" is said only when all of it was checked just now.

import { at, count, list, sentence, span } from "./format.js";

/** @import { Store } from "./store.js" */
/** @import { MeshNode } from "./types.js" */
/** @typedef {{ where: string, message: string, cure: string }} HealthProblem */
/** @typedef {{ level: "ok" | "checking" | "attention", text: string, problems: HealthProblem[] }} Health */

/**
 * @param {Pick<Store, "connection" | "checked" | "nodeList" | "cameraList" | "serving">} store
 * @param {number} now  ms since 1970
 * @returns {Health}
 */
export function healthOf(store, now) {
  const via = store.serving?.name ?? "This node";
  if (store.connection.phase === "lost") {
    const reason = sentence(store.connection.reason || "It does not answer");
    return attention([{ where: via, message: `No answer for ${span((now - store.connection.since) / 1000)}. ${reason}`, cure: "The page keeps trying; any other node shows the same." }], "No connection");
  }
  if (store.connection.phase === "connecting" || !store.checked) return { level: "checking", text: "Checking…", problems: [] };

  /** @type {HealthProblem[]} */
  const problems = [];
  const down = new Set();
  for (const node of store.nodeList) {
    if (node.online) continue;
    // Being gone explains whatever else is said of it.
    down.add(node.id);
    const left = node.status === "left";
    problems.push({
      where: node.name,
      message: `${left ? "Switched off" : "Offline"} for ${span((now - at(node.lastSeen)) / 1000)}.`,
      cure: `${left ? "Start it again, or leave it off." : "Check its power and network."} What it stored outside of itself can still be watched.`,
    });
  }
  problems.push(...reportedBy(store));
  for (const camera of store.cameraList) {
    if (camera.state === "none" || down.has(camera.node)) continue;
    if (camera.problem) problems.push({ where: camera.name, message: sentence(camera.problem.message), cure: sentence(camera.problem.cure ?? "") });
    else if (!camera.online || camera.state === "offline") problems.push({ where: camera.name, message: `No picture for ${span((now - at(camera.lastSeen)) / 1000)}.`, cure: "Check the camera's cable or stream." });
    else if (camera.state === "failed") problems.push({ where: camera.name, message: "The camera failed.", cure: "Run meshcam doctor on its node." });
  }
  if (problems.length > 0) return attention(problems);
  const starting = store.cameraList.filter((camera) => camera.state === "starting");
  if (starting.length > 0) return { level: "checking", text: `${count(starting.length, "camera")} starting`, problems: [] };
  const silent = store.nodeList.filter((node) => node.missing);
  if (silent.length > 0) return { level: "checking", text: `Waiting for ${list(silent.map((node) => node.name))}`, problems: [] };
  if (store.nodeList.length === 0) return { level: "checking", text: "Checking…", problems: [] };
  // Without a time server everything may run, and yet "all" was not checked.
  return { level: "ok", text: unknownClocks(store.nodeList).length > 0 ? "All running" : "All well", problems: [] };
}

/**
 * What the nodes that answer say of themselves, each fault once: a camera's problem is told as the camera's, and what several nodes
 * report alike, such as storage they share, is one problem of all of them.
 * @param {Pick<Store, "nodeList" | "cameraList">} store
 * @returns {HealthProblem[]}
 */
function reportedBy(store) {
  /** @type {Map<string, { names: string[], message: string, cure: string }>} */
  const faults = new Map();
  for (const node of store.nodeList) {
    if (!node.online) continue;
    for (const { message, cure } of node.problems ?? []) {
      if (store.cameraList.some((camera) => camera.node === node.id && camera.problem?.message === message)) continue;
      const key = `${message}\n${cure ?? ""}`;
      const fault = faults.get(key) ?? { names: [], message: sentence(message), cure: sentence(cure ?? "") };
      fault.names.push(node.name);
      faults.set(key, fault);
    }
  }
  return [...faults.values()].map(({ names, message, cure }) => ({ where: list(names), message, cure }));
}

/**
 * Nodes that answer and whose clock nobody vouches for.
 * @param {MeshNode[]} nodes
 */
export const unknownClocks = (nodes) => nodes.filter((node) => node.online && !Number.isFinite(node.clockOffsetSeconds));

/**
 * @param {HealthProblem[]} problems
 * @param {string} [text]
 * @returns {Health}
 */
function attention(problems, text) {
  const one = problems.length === 1 && problems[0].message.startsWith("Offline for") ? `${problems[0].where} offline` : "";
  return { level: "attention", text: text ?? (one || count(problems.length, "problem")), problems };
}
