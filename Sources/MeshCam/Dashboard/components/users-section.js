// @ts-check
// Settings, users: who may sign in, and what they see. Admins only.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { icon } from "../icons.js";
import { mesh, store, wordsOf } from "../mesh.js";
import { addUser, allUsers, changeUser, removeUser } from "../people.js";
import { field, openForm } from "./form-dialog.js";
import { noCamera, rightsChoice, seenWords } from "./rights-choice.js";

/** @import { User } from "../people.js" */

class UsersSection extends Component {
  #list = h("ul", { class: "people", "data-testid": "users" });
  #trouble = h("p", { class: "refusal", role: "alert" });
  /** @type {User[]} */
  #users = [];

  build() {
    this.append(this.#list, this.#trouble, h("button", { class: "button", type: "button", onclick: () => this.#add() }, icon("plus"), "Add a user"));
  }

  enter() {
    this.whileHere(store.watch(["cameras"], () => this.render()));
    void this.#load();
  }

  async #load() {
    try {
      this.#users = (await allUsers()).sort((a, b) => a.name.localeCompare(b.name));
      fill(this.#trouble);
    } catch (error) {
      fill(this.#trouble, icon("attention"), h("span", {}, wordsOf(error)));
    }
    this.render();
  }

  render() {
    reconcile(this.#list, this.#users, (user) => user.name, () => h("li", {}), (item, user) => {
      const words = `${user.role === "admin" ? "Admin" : "Viewer"}, ${seenWords(user)}`;
      if (item.dataset.state === words) return;
      item.dataset.state = words;
      const self = user.name === store.session?.user.name;
      fill(item, h("button", { class: "person", type: "button", onclick: () => this.#edit(user.name) },
        icon("user"), h("span", { class: "person-name" }, named(user.name), self ? h("span", { class: "tag" }, "you") : null), h("span", { class: "person-rights" }, words), icon("next")));
    });
  }

  #add() {
    const name = field("user", "Name", { required: true, maxLength: 32, autocomplete: "off", autocapitalize: "none" });
    const password = field("lock", "Password", { type: "password", required: true, autocomplete: "new-password" });
    const rights = rightsChoice({ role: "viewer", cameras: [] }, adminMay);
    openForm({
      title: "Add a user", content: [name.element, password.element, rights], submit: "Add user", testid: "user-form",
      act: async () => {
        if (!rights.cameras) throw noCamera();
        await addUser({ name: name.input.value.trim(), password: password.input.value, role: rights.grants, cameras: rights.cameras });
        mesh.toast(`${name.input.value.trim()} may sign in now, at any camera.`);
        await this.#load();
      },
    });
    name.input.focus();
  }

  /** @param {string} name */
  #edit(name) {
    const user = this.#users.find((one) => one.name === name);
    if (!user) return;
    const rights = rightsChoice(user, adminMay);
    const password = field("lock", "New password; empty: as it is", { type: "password", autocomplete: "new-password" });
    let sure = false;
    const remove = h("button", { class: "button quiet needs-you", type: "button" }, "Remove this user");
    const form = openForm({
      title: named(name), content: [rights, password.element, remove], submit: "Save", testid: "user-form",
      act: async () => {
        if (!rights.cameras) throw noCamera();
        await changeUser(name, { role: rights.grants, cameras: rights.cameras, password: password.input.value || undefined });
        mesh.toast(`${name}: saved.`);
        await this.#load();
      },
    });
    remove.addEventListener("click", () => {
      if (!sure) {
        sure = true;
        fill(remove, "Press again: their sessions and tokens end everywhere");
        return;
      }
      form.close();
      void this.#remove(name);
    });
  }

  /** @param {string} name */
  async #remove(name) {
    const gone = async () => {
      await removeUser(name);
      mesh.toast(`${name} may not sign in any more.`);
      await this.#load();
    };
    try {
      await gone();
    } catch (error) {
      askAgain(`Remove ${name}`, error, gone);
    }
  }
}

const adminMay = "May change everything. The password also protects the key that rules the mesh: twelve characters or more, or five words.";

/**
 * What was refused outside of a form: with the passphrase it may work.
 * @param {string} title
 * @param {unknown} error
 * @param {() => Promise<void>} act
 */
export function askAgain(title, error, act) {
  openForm({ title, content: [h("p", { class: "hint" }, wordsOf(error))], submit: "Try again", act });
}
customElements.define("mc-users-section", UsersSection);
