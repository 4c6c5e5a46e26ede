// @ts-check
// One key, one meaning, everywhere. The view in front is asked first (player keys), then the page's own keys.

import { mesh, store } from "./mesh.js";
import { cameraPlace, currentRoute, go } from "./router.js";

/** What the help shows; the order is the order of use. */
export const keyHelp = [
  { title: "Everywhere", keys: [[["1", "…", "9"], "Camera by number"], [["g"], "Live grid"], [["i"], "Incidents"], [["c"], "Cameras and nodes"], [["Esc"], "Back"], [["?"], "This help"]] },
  { title: "Live", keys: [[["s"], "Save a snapshot of the camera pointed at"], [["r"], "Record now, on all cameras of its group"]] },
  { title: "Player", keys: [[["Space"], "Play or pause"], [["←", "→"], "10 seconds back or on"], [[",", "."], "One frame back or on"], [["⇧ ←", "⇧ →"], "Older or newer incident"], [["[", "]"], "Slower or faster"], [["t"], "To the trigger"], [["1", "…", "9"], "Angle by number, again for all"]] },
];

/** @typedef {HTMLElement & { handleKey?: (event: KeyboardEvent) => boolean }} KeyedView */

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (!store.session || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest?.("input, select, textarea, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    // A focused button or link keeps its own Space and Enter.
    const pressed = event.key === " " && target.closest?.("button, a, summary");
    if (pressed) return;
    const view = /** @type {KeyedView | null} */ (document.querySelector("[data-view]"));
    if (view?.handleKey?.(event) || pageKey(event)) event.preventDefault();
  });
}

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key meant something
 */
function pageKey(event) {
  const cameras = store.cameraList;
  if (/^[1-9]$/.test(event.key)) {
    const camera = cameras[Number(event.key) - 1];
    if (camera) go(cameraPlace(camera.id));
    return camera !== undefined;
  }
  switch (event.key) {
    case "g": go("#/"); return true;
    case "i": go("#/incidents"); return true;
    case "c": go("#/cameras"); return true;
    case "s": case "r": return onPointedCamera(event.key);
    case "?": openHelp(); return true;
    case "Escape": {
      const route = currentRoute();
      if (route.name === "live") return false;
      go(route.name === "incident" ? "#/incidents" : "#/");
      return true;
    }
    default: return false;
  }
}

/** @param {"s" | "r"} key */
function onPointedCamera(key) {
  const route = currentRoute();
  const pointed = document.querySelector("mc-camera-tile:focus-within") ?? document.querySelector("mc-camera-tile:hover");
  const only = store.cameraList.length === 1 ? store.cameraList[0].id : "";
  const id = route.name === "camera" ? route.id : (/** @type {HTMLElement | null} */ (pointed)?.dataset.camera ?? only);
  if (!id) {
    mesh.toast("Point at a camera first, or press its number.");
    return true;
  }
  void (key === "s" ? mesh.saveSnapshot(id) : mesh.record(id));
  return true;
}

export function openHelp() {
  const help = /** @type {(HTMLElement & { open: () => void }) | null} */ (document.querySelector("mc-help-dialog"));
  help?.open();
}
