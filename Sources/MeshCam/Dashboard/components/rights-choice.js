// @ts-check
// Admin or viewer, and which cameras a viewer sees: for users and for tokens.

import { h, named } from "../dom.js";
import { icon } from "../icons.js";
import { store } from "../mesh.js";

/** @import { Role } from "../people.js" */

/**
 * @param {{ role: Role, cameras: string[] }} now
 * @param {string} adminMay  what an admin may, in words
 */
export function rightsChoice(now, adminMay) {
  let role = now.role;
  const known = store.cameraList.filter((camera) => camera.state !== "none").map((camera) => ({ id: camera.id, name: camera.name }));
  const gone = now.cameras.filter((id) => !known.some((camera) => camera.id === id)).map((id) => ({ id, name: store.cameraName(id) }));
  const boxes = [...known, ...gone].map((camera) => ({ ...camera, box: h("input", { type: "checkbox", checked: now.cameras.includes(camera.id) }) }));
  const all = h("input", { type: "checkbox", checked: now.cameras.length === 0 });
  const hint = h("p", { class: "hint" });
  const each = h("div", { class: "choices" }, boxes.map(({ name, box }) => h("label", { class: "choice" }, box, h("span", {}, named(name)))));
  const cameras = h("fieldset", { class: "camera-choice" }, h("legend", {}, "Sees"), h("label", { class: "choice" }, all, h("span", {}, "All cameras, also new ones")), each);
  const roles = h("div", { class: "segmented", role: "group", "aria-label": "Role" });
  for (const [value, label, drawing] of [["viewer", "Viewer", "eye"], ["admin", "Admin", "settings"]]) {
    roles.append(h("button", { type: "button", "data-role": value, onclick: () => { role = /** @type {Role} */ (value); show(); } }, icon(drawing), h("span", {}, label)));
  }
  all.addEventListener("change", show);

  function show() {
    for (const button of roles.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.role === role));
    cameras.hidden = role === "admin";
    each.hidden = all.checked;
    hint.textContent = role === "admin" ? adminMay : "Looks at pictures and recordings; changes nothing.";
  }
  show();

  return {
    element: h("div", { class: "rights-choice" }, roles, hint, cameras),
    get role() { return role; },
    /** Ids; none: all. `null`: nothing is chosen. */
    get cameras() {
      if (role === "admin" || all.checked) return [];
      const chosen = boxes.filter(({ box }) => box.checked).map(({ id }) => id);
      return chosen.length > 0 ? chosen : null;
    },
  };
}

/** What is wrong where no camera is chosen. */
export const noCamera = () => new Error("Choose at least one camera, or all.");

/**
 * "All cameras", or their names.
 * @param {{ role: Role, cameras: string[] }} one
 */
export const seenWords = (one) => (one.role === "admin" || one.cameras.length === 0 ? "all cameras" : one.cameras.map((id) => store.cameraName(id)).join(", "));
