// @ts-check
// Where footage goes: every storage, how the nodes reach it, and what still waits in memory. Admins only.

import { Component, fill, h, named, reconcile, setText } from "../dom.js";
import { at, bytes, count, list, span, whenShort } from "../format.js";
import { icon } from "../icons.js";
import { mesh, store, wordsOf } from "../mesh.js";
import { addTarget, changeTarget, removeTarget, storage } from "../storage.js";
import { field, openForm } from "./form-dialog.js";
import { askAgain } from "./users-section.js";

/** @import { Loss, Storage, Target, Waiting } from "../storage.js" */

const everyMs = 4000;

class StorageSection extends Component {
  #list = h("ul", { class: "targets", "data-testid": "targets" });
  #waiting = h("p", { class: "waiting", "data-testid": "waiting" });
  #losses = h("ul", { class: "losses", "data-testid": "losses" });
  #section = h("section", { class: "storage", hidden: true, "aria-labelledby": "storage-title" });
  /** @type {Storage | null} */
  #storage = null;

  build() {
    this.#section.append(
      h("div", { class: "storage-head" },
        h("div", {}, h("h2", { id: "storage-title" }, "Storage"), this.#waiting),
        h("button", { class: "button", type: "button", onclick: () => this.#add() }, icon("plus"), "Add storage")),
      this.#losses, this.#list);
    this.append(this.#section);
  }

  enter() {
    let gone = false;
    const look = async () => {
      if (!document.hidden && store.session?.user.role === "admin") {
        await this.#load();
        this.#section.hidden = this.#storage === null;
        if (!gone) this.render();
      }
      if (!gone) timer = setTimeout(look, everyMs);
    };
    let timer = setTimeout(look, 0);
    this.whileHere(() => {
      gone = true;
      clearTimeout(timer);
    });
  }

  async #load() {
    // What was known stays until the node answers again; that it does not, the banner says.
    this.#storage = await storage().catch(() => this.#storage);
  }

  render() {
    if (!this.#storage) return;
    const { targets, nodes } = this.#storage;
    setText(this.#waiting, waitingWords(targets, nodes));
    reconcile(this.#losses, lossWords(nodes), (words) => words, () => h("li", { class: "note" }), (item, words) => {
      if (!item.firstChild) fill(item, icon("attention"), h("span", {}, words));
    });
    reconcile(this.#list, targets, (target) => target.id, () => h("li", {}), (item, target) => {
      const state = JSON.stringify([target, ...target.reach.map((one) => bytes(one.freeBytes ?? NaN))]);
      if (item.dataset.state === state) return;
      item.dataset.state = state;
      const troubles = problems(target);
      const space = target.reach.find((one) => one.freeBytes !== undefined && !one.problem);
      fill(item,
        h("div", { class: "target" }, icon(troubles.length > 0 ? "attention" : "storage"),
          h("div", { class: "target-name" }, h("strong", {}, named(target.name)), h("span", { class: "target-location" }, target.location)),
          space ? spaceBar(space.freeBytes ?? 0, space.totalBytes ?? 0) : null,
          target.scope === "mesh" ? h("button", { class: "button quiet", type: "button", onclick: () => this.#edit(target) }, "Change") : h("span", { class: "tag", title: "storage.directories in meshcam.toml" }, "set on the node itself")),
        h("p", { class: "target-reach" }, reachWords(target)),
        ...troubles.map((trouble) => h("p", { class: "note" }, icon("attention"), h("span", {}, h("strong", {}, named(list(trouble.nodes)), ": "), trouble.message, ". ", h("span", { class: "cure" }, trouble.cure)))));
    });
  }

  #add() {
    const location = field("storage", "smb://NAS/SHARE, or a directory", { required: true, autocomplete: "off", autocapitalize: "none", spellcheck: false, maxLength: 1000 });
    const user = field("user", "User; empty: a guest", { autocomplete: "off", autocapitalize: "none", spellcheck: false, maxLength: 256 });
    const password = field("lock", "Password", { type: "password", autocomplete: "new-password", maxLength: 256 });
    openForm({
      title: "Add storage", submit: "Store there, too", testid: "storage-form",
      content: [h("p", { class: "hint" }, "Every camera stores there from now on. A share needs no mount; a directory is one that every camera has."), location.element, user.element, password.element],
      act: async () => {
        const target = await addTarget({ location: location.input.value.trim(), user: user.input.value || undefined, password: password.input.value || undefined });
        mesh.toast(`All cameras store in ${target.name} now.`);
        await this.#load();
        this.render();
      },
    });
    location.input.focus();
  }

  /** @param {Target} target */
  #edit(target) {
    const isShare = target.location.startsWith("smb://");
    const user = field("user", "User; empty: a guest", { value: target.user ?? "", autocomplete: "off", autocapitalize: "none", spellcheck: false, maxLength: 256 });
    const password = field("lock", target.user ? "Password; empty: as it is" : "Password", { type: "password", autocomplete: "new-password", maxLength: 256 });
    let sure = false;
    const remove = h("button", { class: "button quiet needs-you", type: "button" }, "Store there no more");
    const form = openForm({
      title: named(target.name), submit: isShare ? "Save" : "Close", testid: "storage-form",
      content: [h("p", { class: "hint" }, target.location), isShare ? user.element : null, isShare ? password.element : null, remove],
      act: async () => {
        if (!isShare) return;
        // A guest has no password; whoever else leaves it empty keeps what is set.
        await changeTarget(target.id, { user: user.input.value, password: user.input.value ? password.input.value || undefined : "" });
        mesh.toast(`${target.name}: saved.`);
        await this.#load();
        this.render();
      },
    });
    remove.addEventListener("click", () => {
      if (!sure) {
        sure = true;
        fill(remove, "Press again: what lies there stays, and is not shown here any more");
        return;
      }
      form.close();
      void this.#remove(target);
    });
  }

  /** @param {Target} target */
  async #remove(target) {
    const gone = async () => {
      await removeTarget(target.id);
      mesh.toast(`Nothing is stored in ${target.name} any more.`);
      await this.#load();
      this.render();
    };
    try {
      await gone();
    } catch (error) {
      askAgain(`Store in ${target.name} no more`, error, gone);
    }
  }
}

/**
 * One line for all nodes: nothing waits, or how much, where and why.
 * @param {Target[]} targets
 * @param {Waiting[]} nodes
 */
function waitingWords(targets, nodes) {
  const waiting = nodes.filter((node) => node.waitingClips > 0);
  if (targets.length === 0) {
    const disks = nodes.flatMap((node) => node.disk ?? []);
    if (disks.length < nodes.length) return "None is set: each camera keeps its newest clips in memory, until it loses power.";
    return `None is set: each camera keeps its newest clips on its own disk, ${bytes(disks.reduce((sum, disk) => sum + disk.usedBytes, 0))} of ${bytes(disks.reduce((sum, disk) => sum + disk.quotaBytes, 0))} now.`;
  }
  if (waiting.length === 0) return `Everything recorded is stored.${safeWords(nodes)}`;
  const clips = waiting.reduce((sum, node) => sum + node.waitingClips, 0);
  const held = waiting.reduce((sum, node) => sum + node.spooledBytes, 0);
  const reasons = [...new Set(waiting.map((node) => node.reason).filter(Boolean))];
  return `${count(clips, "clip")} (${bytes(held)}) ${clips === 1 ? "waits" : "wait"} in the memory of ${list(waiting.map((node) => node.nodeName))}: ${reasons.join("; ")}.`;
}

/**
 * How soon the slowest node's video left it lately.
 * @param {Waiting[]} nodes
 */
function safeWords(nodes) {
  const seconds = Math.max(0, ...nodes.map((node) => node.safeOutside?.p99Seconds ?? 0));
  if (seconds === 0) return "";
  return ` Lately each half second of video was safe outside its camera within ${seconds < 0.995 ? `${Math.ceil(seconds * 100) * 10} ms` : span(Math.ceil(seconds))}.`;
}

/**
 * A line for each node that lost something.
 * @param {Waiting[]} nodes
 */
function lossWords(nodes) {
  return nodes.filter((node) => node.losses?.length).map(({ losses = [] }) => {
    const last = /** @type {Loss} */ (losses.at(-1));
    const seconds = losses.reduce((sum, loss) => sum + (at(loss.end) - at(loss.start)) / 1000, 0);
    const reason = lossReasons[last.reason] ?? last.reason;
    return `${span(seconds)} of ${last.cameraName} ${losses.length === 1 ? "is" : `in ${losses.length} places are`} lost, last at ${whenShort(at(last.start), Date.now())}: ${reason}.`;
  });
}

/** @type {Record<string, string>} */
const lossReasons = {
  "memory-full": "its memory was full, and no storage and no other camera took it",
  "disk-failed": "the local disk that held it cannot be read",
  "deleted": "it was deleted on the storage while it was written, or another storage was put there",
  "peer-let-go": "the camera that was to store it did not keep it",
};

/** @param {Target} target */
function reachWords(target) {
  const well = target.reach.filter((one) => !one.problem).map((one) => one.nodeName);
  if (well.length === 0) return "No camera can store there now.";
  return well.length === target.reach.length ? `Used by ${list(well)}.` : `Used by ${list(well)} only.`;
}

/**
 * What ails it, each fault once with all who tell it.
 * @param {Target} target
 */
function problems(target) {
  /** @type {{ message: string, cure: string, nodes: string[] }[]} */
  const found = [];
  for (const { problem: own, sharing, nodeName } of target.reach) {
    const problem = own ?? sharing?.problem;
    if (!problem) continue;
    const known = found.find((one) => one.message === problem.message);
    if (known) known.nodes.push(nodeName);
    else found.push({ ...problem, nodes: [nodeName] });
  }
  return found;
}

/**
 * @param {number} free
 * @param {number} total
 */
function spaceBar(free, total) {
  const used = total > 0 ? Math.min(1, Math.max(0, 1 - free / total)) : 0;
  const bar = h("span", { class: "space-bar", "aria-hidden": "true" }, h("span", { class: used > 0.9 ? "space-used full" : "space-used" }));
  /** @type {HTMLElement} */ (bar.firstElementChild).style.width = `${Math.round(used * 100)}%`;
  return h("span", { class: "space" }, bar, h("span", {}, `${bytes(free)} free of ${bytes(total)}`));
}
customElements.define("mc-storage-section", StorageSection);
