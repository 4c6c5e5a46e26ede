// @ts-check
// Light, dark or as the system has it; kept in this browser.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const key = "meshcam.theme";

function chosen() {
  return document.documentElement.dataset.theme ?? "system";
}

/** @param {string} theme */
function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // Blocked storage: the choice lasts as long as the page.
  }
}

/** Three buttons, one pressed. */
export function themePicker() {
  const group = h("div", { class: "segmented", role: "group", "aria-label": "Theme" });
  const mark = () => {
    for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.theme === chosen()));
  };
  for (const [theme, label] of [["light", "Light"], ["dark", "Dark"], ["system", "System"]]) {
    group.append(h("button", { type: "button", "data-theme": theme, onclick: () => { choose(theme); mark(); } }, icon(theme), h("span", {}, label)));
  }
  mark();
  return group;
}
