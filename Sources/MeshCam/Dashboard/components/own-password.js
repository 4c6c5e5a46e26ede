// @ts-check
// A new password of one's own.

import { h } from "../dom.js";
import { mesh, store } from "../mesh.js";
import { changeOwnPassword } from "../people.js";
import { field, openForm } from "./form-dialog.js";

export function openOwnPassword() {
  const old = field("lock", "Present password", { type: "password", required: true, autocomplete: "current-password" });
  const wanted = field("key", "New password", { type: "password", required: true, autocomplete: "new-password", minLength: store.session?.user.role === "admin" ? 12 : 8 });
  const again = field("key", "New password again", { type: "password", required: true, autocomplete: "new-password" });
  openForm({
    title: "Change my password", testid: "password-form", submit: "Change it",
    content: [h("p", { class: "hint" }, "Ends your other sessions, everywhere."), old.element, wanted.element, again.element],
    act: async () => {
      if (wanted.input.value !== again.input.value) throw new Error("The two new passwords are not the same.");
      const { signedIn } = await changeOwnPassword(old.input.value, wanted.input.value);
      mesh.toast(signedIn ? "Your password is changed." : "Your password is changed. Sign in with the new one.");
      await mesh.renew();
    },
  });
  old.input.focus();
}
