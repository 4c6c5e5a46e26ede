// @ts-check
// A form in front of the page: fields, what was refused, one button. Asks for the passphrase where the node wants it once more.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { isLocked, unlock } from "../membership.js";
import { wordsOf } from "../mesh.js";

let dialogs = 0;

/**
 * Opens a dialog and takes it out of the page when it closes.
 * @param {{ title: string | Node, content: (Node | null)[], submit: string, act: () => Promise<void | boolean>, testid?: string }} form
 *   `act` throws what was refused; the dialog stays open then, and when it answers false
 * @returns {{ close: () => void, show: (...content: Node[]) => void }}
 */
export function openForm(form) {
  const id = `form-${(dialogs += 1)}`;
  const refusal = h("p", { class: "refusal", role: "alert", "data-testid": "form-error" });
  const passphrase = h("input", { type: "password", autocomplete: "current-password", "aria-label": "Your passphrase", placeholder: "Your passphrase" });
  const passphraseField = h("div", { class: "field", hidden: true }, icon("lock"), passphrase);
  const submit = h("button", { class: "button primary", type: "submit" }, form.submit);
  const body = h("div", { class: "sheet-body" }, form.content, passphraseField, refusal, submit);
  let busy = false;

  async function attempt() {
    if (busy) return;
    busy = submit.disabled = true;
    fill(refusal);
    try {
      if (!passphraseField.hidden) {
        await unlock(passphrase.value);
        passphraseField.hidden = true;
        passphrase.required = false;
      }
      if ((await form.act()) !== false) dialog.close();
    } catch (error) {
      if (isLocked(error)) {
        passphraseField.hidden = false;
        passphrase.required = true;
        fill(refusal, icon("lock"), h("span", {}, "This needs your own key. Type the passphrase that you sign in with once more."));
        queueMicrotask(() => passphrase.focus());
      } else {
        fill(refusal, icon("attention"), h("span", {}, wordsOf(error)));
      }
    } finally {
      passphrase.value = "";
      busy = submit.disabled = false;
    }
  }

  const dialog = h("dialog", { class: "sheet", "aria-labelledby": id, "data-testid": form.testid },
    h("form", { method: "dialog", onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void attempt(); } },
      h("div", { class: "dialog-head" }, h("h2", { id }, form.title),
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
      body));
  dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
    if (busy) event.preventDefault();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.querySelector("mc-app")?.append(dialog);
  dialog.showModal();
  return { close: () => dialog.close(), show: (...content) => fill(body, ...content) };
}

/**
 * A text field with its drawing.
 * @param {string} drawing
 * @param {string} label
 * @param {Record<string, unknown>} [props]
 */
export function field(drawing, label, props = {}) {
  const input = h("input", { "aria-label": label, placeholder: label, ...props });
  return { element: h("div", { class: "field" }, icon(drawing), input), input };
}
