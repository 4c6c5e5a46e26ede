// @ts-check
// The one quiet line in the header: "all well" is said only when all of it was checked just now.

import { at, count, span } from "./format.js";

/** @import { Store } from "./store.js" */
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
    const reason = store.connection.reason || "It does not answer.";
    return attention([{ where: via, message: `No answer for ${span((now - store.connection.since) / 1000)}. ${reason}`, cure: "The page keeps trying; any other node shows the same." }], "No connection");
  }
  if (store.connection.phase === "connecting" || !store.checked) return { level: "checking", text: "Checking…", problems: [] };

  /** @type {HealthProblem[]} */
  const problems = [];
  const down = new Set();
  for (const node of store.nodeList) {
    if (!node.online) {
      down.add(node.id);
      problems.push({ where: node.name, message: `Offline for ${span((now - at(node.lastSeen)) / 1000)}.`, cure: "Check its power and network. Its footage stays with the nodes that hold copies." });
    }
    for (const trouble of node.problems ?? []) problems.push({ where: node.name, message: trouble.message, cure: trouble.cure ?? "" });
  }
  for (const camera of store.cameraList) {
    if (camera.state === "none" || down.has(camera.node)) continue;
    if (camera.problem) problems.push({ where: camera.name, message: camera.problem.message, cure: camera.problem.cure ?? "" });
    else if (!camera.online || camera.state === "offline") problems.push({ where: camera.name, message: `No picture for ${span((now - at(camera.lastSeen)) / 1000)}.`, cure: "Check the camera's cable or stream." });
    else if (camera.state === "failed") problems.push({ where: camera.name, message: "The camera failed.", cure: "Run meshcam doctor on its node." });
  }
  if (problems.length > 0) return attention(problems);
  const starting = store.cameraList.filter((camera) => camera.state === "starting");
  if (starting.length > 0) return { level: "checking", text: `${count(starting.length, "camera")} starting`, problems: [] };
  if (store.nodeList.length === 0) return { level: "checking", text: "Checking…", problems: [] };
  return { level: "ok", text: "All well", problems: [] };
}

/**
 * @param {HealthProblem[]} problems
 * @param {string} [text]
 * @returns {Health}
 */
function attention(problems, text) {
  const one = problems.length === 1 && problems[0].message.startsWith("Offline") ? `${problems[0].where} offline` : "";
  return { level: "attention", text: text ?? (one || count(problems.length, "problem")), problems };
}
