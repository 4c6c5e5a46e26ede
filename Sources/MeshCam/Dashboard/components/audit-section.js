// @ts-check
// Settings, audit log: who did what, when and from where, on every node. Admins only.

import { Component, fill, h, named } from "../dom.js";
import { at, list, whenShort } from "../format.js";
import { icon } from "../icons.js";
import { wordsOf } from "../mesh.js";
import { actWords, auditPage } from "../people.js";

/** @import { AuditEntry } from "../people.js" */

class AuditSection extends Component {
  #list = h("ol", { class: "audit", "data-testid": "audit" });
  #note = h("p", { class: "refusal", role: "status" });
  #more = h("button", { class: "button", type: "button", hidden: true, onclick: () => void this.#load() }, "Older");
  #cursor = "";

  build() {
    this.append(h("p", {}, "Who did what, on all cameras. The newest megabyte of each is kept."), this.#list, this.#note, this.#more);
  }

  enter() {
    this.#cursor = "";
    this.#list.replaceChildren();
    void this.#load();
  }

  async #load() {
    this.#more.disabled = true;
    try {
      const page = await auditPage(this.#cursor);
      this.#list.append(...page.entries.map(row));
      this.#cursor = page.cursor ?? "";
      fill(this.#note, page.missing.length > 0 ? [icon("attention"), h("span", {}, `Without what ${list(page.missing.map((node) => node.name))} noted: no answer.`)] : []);
    } catch (error) {
      fill(this.#note, icon("attention"), h("span", {}, wordsOf(error)));
    } finally {
      this.#more.disabled = false;
      this.#more.hidden = this.#cursor === "";
    }
  }
}

/** @param {AuditEntry} entry */
function row(entry) {
  const time = h("time", { dateTime: entry.at, title: entry.at }, whenShort(at(entry.at), Date.now()));
  return h("li", { class: entry.act.endsWith("-refused") ? "refused" : "" }, time,
    h("p", {}, h("strong", {}, named(entry.who)), ` ${actWords(entry)}`, entry.detail ? h("span", { class: "audit-detail" }, ` (${entry.detail})`) : null),
    h("span", { class: "audit-where" }, `from ${entry.from}, at `, named(entry.nodeName)));
}
customElements.define("mc-audit-section", AuditSection);
