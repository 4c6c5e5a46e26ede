// @ts-check
// Settings, tokens: what programs sign in with. A new one is shown once. Admins only.

import { Component, fill, h, named, reconcile } from "../dom.js";
import { at, span } from "../format.js";
import { icon } from "../icons.js";
import { mesh, store, wordsOf } from "../mesh.js";
import { allTokens, makeToken, removeToken } from "../people.js";
import { field, openForm } from "./form-dialog.js";
import { noCamera, rightsChoice, seenWords } from "./rights-choice.js";
import { askAgain } from "./users-section.js";

/** @import { Token } from "../people.js" */

const dayMs = 86_400_000;

class TokensSection extends Component {
  #list = h("ul", { class: "people", "data-testid": "tokens" });
  #trouble = h("p", { class: "refusal", role: "alert" });
  /** @type {Token[]} */
  #tokens = [];

  build() {
    this.append(
      h("p", {}, "For programs: home automation, scripts, a picture frame. A token ends when you end it, or when who made it is no admin any more."),
      this.#list, this.#trouble, h("button", { class: "button", type: "button", onclick: () => this.#make() }, icon("plus"), "Make a token"));
  }

  enter() {
    this.whileHere(store.watch(["cameras"], () => this.render()));
    void this.#load();
  }

  async #load() {
    try {
      this.#tokens = (await allTokens()).sort((a, b) => a.name.localeCompare(b.name));
      fill(this.#trouble);
    } catch (error) {
      fill(this.#trouble, icon("attention"), h("span", {}, wordsOf(error)));
    }
    this.render();
  }

  render() {
    reconcile(this.#list, this.#tokens, (token) => token.id, () => h("li", {}), (item, token) => {
      const words = tokenWords(token);
      if (item.dataset.state === words) return;
      item.dataset.state = words;
      let sure = false;
      const end = h("button", { class: "button quiet", type: "button", "aria-label": `End the token ${token.name}`, onclick: () => {
        if (sure) return void this.#end(token);
        sure = true;
        fill(end, "Really end it?");
      } }, "End");
      fill(item, h("div", { class: "person" }, icon("key"), h("span", { class: "person-name" }, named(token.name)), h("span", { class: "person-rights" }, words), end));
    });
  }

  #make() {
    const name = field("key", "What it is for", { required: true, maxLength: 63, autocomplete: "off" });
    const rights = rightsChoice({ role: "viewer", cameras: [] }, "May also start recordings. It never signs changes, and never opens the mesh's key.");
    const days = h("select", { "aria-label": "Ends" }, [["0", "Never ends"], ["30", "Ends in 30 days"], ["90", "Ends in 90 days"], ["365", "Ends in a year"]].map(([value, label]) => h("option", { value }, label)));
    const form = openForm({
      title: "Make a token", content: [name.element, rights, h("div", { class: "field" }, icon("incidents"), days)], submit: "Make token", testid: "token-form",
      act: async () => {
        if (!rights.cameras) throw noCamera();
        const ends = Number(days.value);
        const made = await makeToken({
          name: name.input.value.trim(), role: rights.grants, cameras: rights.cameras, expires: ends ? new Date(Date.now() + ends * dayMs).toISOString() : undefined,
        });
        form.show(...this.#shownOnce(made.token ?? "", () => form.close()));
        void this.#load();
        return false;
      },
    });
    name.input.focus();
  }

  /**
   * @param {string} token
   * @param {() => void} close
   */
  #shownOnce(token, close) {
    const copy = h("button", { class: "button primary", type: "button", onclick: async () => {
      try {
        await navigator.clipboard.writeText(token);
        fill(copy, icon("check"), "Copied");
      } catch {
        getSelection()?.selectAllChildren(shown);
        fill(copy, "Selected: copy it by keyboard");
      }
    } }, icon("copy"), "Copy");
    const shown = h("code", { class: "secret", "data-testid": "token-secret" }, token);
    return [h("p", { class: "hint" }, "Copy it now: it is shown this once, and no node keeps it."), shown, copy, h("button", { class: "button", type: "button", onclick: close }, "I have it")];
  }

  /** @param {Token} token */
  async #end(token) {
    const gone = async () => {
      await removeToken(token.id);
      mesh.toast(`${token.name} opens nothing any more.`);
      await this.#load();
    };
    try {
      await gone();
    } catch (error) {
      askAgain(`End ${token.name}`, error, gone);
    }
  }
}

/** @param {Token} token */
function tokenWords(token) {
  const left = (at(token.expires) - Date.now()) / 1000;
  const ends = Number.isFinite(left) ? (left > 0 ? `ends in ${span(left)}` : "is over") : "never ends";
  const sees = token.scopes.includes("api") ? `${token.role === "admin" ? "Admin" : "Viewer"}, ${seenWords(token)}` : `Only ${token.scopes.join(", ")}`;
  return `${sees}, ${ends}, by ${token.madeBy}`;
}
customElements.define("mc-tokens-section", TokensSection);
