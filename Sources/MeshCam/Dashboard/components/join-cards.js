// @ts-check
// Cards that join by themselves: preparing one, and what became of those there are. Admins only.

import { Component, fill, h, named, reconcile, setText } from "../dom.js";
import { count } from "../format.js";
import { icon } from "../icons.js";
import { isLocked, makeTicket, revokeTicket, tickets, unlock } from "../membership.js";
import { mesh, store, wordsOf } from "../mesh.js";

/** @import { NewTicket, Ticket } from "../membership.js" */

const everyMs = 4000;
const fileName = "join.bundle";

class JoinCards extends Component {
  #section = h("section", { class: "join-cards", hidden: true, "aria-labelledby": "join-cards-title" });
  #list = h("ul", { class: "tickets", "data-testid": "tickets" });
  /** @type {Ticket[]} */
  #tickets = [];

  #title = h("h2", { id: "join-card-dialog-title" });
  #hint = h("p", { class: "hint" });
  #uses = h("input", { name: "uses", type: "number", inputMode: "numeric", min: 1, max: 100, value: "1", required: true, "aria-label": "How many cameras" });
  #name = h("input", { name: "name", autocomplete: "off", maxLength: 63, "aria-label": "Name", placeholder: "A name for this list, if you like" });
  #wishes = h("div", { class: "wishes" }, h("label", { class: "field" }, icon("cameras"), this.#uses, h("span", {}, "cameras may join with it")), h("div", { class: "field" }, icon("node"), this.#name));
  #passphrase = h("input", { name: "passphrase", type: "password", autocomplete: "current-password", "aria-label": "Your passphrase", placeholder: "Your passphrase" });
  #passphraseField = h("div", { class: "field", hidden: true }, icon("lock"), this.#passphrase);
  #refusal = h("p", { class: "refusal", role: "alert", "data-testid": "join-card-error" });
  #submit = h("button", { class: "button primary", type: "submit" });
  #result = h("div", { class: "card-made", hidden: true, "data-testid": "card-made" });
  #form = h("form", { method: "dialog" });
  #dialog = h("dialog", { class: "add-camera", "aria-labelledby": "join-card-dialog-title" });
  /** @type {Ticket | null} the one to revoke; `null`: a new one is made */
  #ticket = null;
  #busy = false;
  #url = "";

  build() {
    this.#form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#try();
    });
    this.#form.append(
      h("div", { class: "dialog-head" }, this.#title, h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() }, icon("close"))),
      this.#hint, this.#wishes, this.#passphraseField, this.#refusal, this.#submit, this.#result);
    this.#dialog.append(this.#form);
    this.#dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
      if (this.#busy) event.preventDefault();
    });
    this.#dialog.addEventListener("close", () => this.#forget());
    this.#section.append(
      h("div", { class: "join-cards-head" },
        h("div", {}, h("h2", { id: "join-cards-title" }, "New cameras that join by themselves"), h("p", {}, "Prepare their cards here: no code to type, no button to press.")),
        h("button", { class: "button", type: "button", onclick: () => this.#open(null) }, "Prepare a card")),
      this.#list);
    this.append(this.#section, this.#dialog);
  }

  enter() {
    let gone = false;
    const look = async () => {
      if (!document.hidden && store.session?.user.role === "admin") {
        this.#tickets = await tickets().catch(() => this.#tickets);
        this.#section.hidden = false;
        if (!gone) this.render();
      }
      if (!gone) timer = setTimeout(look, everyMs);
    };
    let timer = setTimeout(look, 0);
    this.whileHere(() => {
      gone = true;
      clearTimeout(timer);
      this.#forget();
    });
  }

  render() {
    reconcile(this.#list, this.#tickets.filter((ticket) => !ticket.revoked), (ticket) => JSON.stringify(ticket), () => h("li", {}), (item, ticket) => {
      if (item.firstChild) return;
      item.append(
        h("div", { class: "ticket-words" }, h("strong", {}, ticket.name ? named(ticket.name) : `Card ${ticket.id.slice(0, 8)}`), h("span", {}, ticketWords(ticket)),
          ticket.joined.length > 0 ? h("span", { class: "ticket-joined" }, ...ticket.joined.flatMap((guest, index) => [index > 0 ? ", " : "", named(guest.name)]), " joined") : null),
        h("button", { class: "button quiet", type: "button", onclick: () => this.#open(ticket) }, "Revoke"));
    });
  }

  /** @param {Ticket | null} ticket */
  #open(ticket) {
    this.#ticket = ticket;
    setText(this.#title, ticket ? "Revoke this card?" : "Prepare a card");
    setText(this.#hint, ticket ? "No other camera joins with it, wherever its copies are. Cameras that have joined stay." : "Put the file on the new camera's card, beside meshcam.toml. It joins as soon as it has power and this network.");
    this.#wishes.hidden = ticket !== null;
    this.#uses.value = "1";
    this.#name.value = "";
    this.#passphrase.value = "";
    this.#passphraseField.hidden = true;
    this.#passphrase.required = false;
    this.#submit.hidden = false;
    this.#result.hidden = true;
    fill(this.#refusal);
    this.#setBusy(false);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  async #try() {
    if (this.#busy || this.#submit.hidden) return;
    this.#setBusy(true);
    fill(this.#refusal);
    try {
      if (!this.#passphraseField.hidden) {
        await unlock(this.#passphrase.value);
        this.#passphrase.value = "";
        this.#passphraseField.hidden = true;
        this.#passphrase.required = false;
      }
      if (this.#ticket) {
        await revokeTicket(this.#ticket.id);
        this.#dialog.close();
        mesh.toast("The card brings nobody any more.");
      } else {
        this.#show(await makeTicket(this.#name.value.trim(), Number(this.#uses.value)));
      }
      this.#tickets = await tickets().catch(() => this.#tickets);
      this.render();
    } catch (error) {
      if (isLocked(error)) this.#askPassphrase();
      else fill(this.#refusal, icon("attention"), h("span", {}, wordsOf(error)));
    } finally {
      this.#setBusy(false);
    }
  }

  #askPassphrase() {
    this.#passphraseField.hidden = false;
    this.#passphrase.required = true;
    fill(this.#refusal, icon("lock"), h("span", {}, "This changes who belongs to the mesh. Type the passphrase that you sign in with once more."));
    queueMicrotask(() => this.#passphrase.focus());
  }

  /** @param {NewTicket} made */
  #show(made) {
    const bytes = Uint8Array.from(atob(made.bundle), (character) => character.charCodeAt(0));
    this.#url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    setText(this.#title, "The card is ready");
    setText(this.#hint, "Whoever has this file or picture can join: keep it as you keep a key. It is shown only now.");
    this.#wishes.hidden = true;
    this.#submit.hidden = true;
    this.#result.hidden = false;
    fill(this.#result,
      h("img", { class: "card-code", alt: "The same as a QR code", src: `data:image/svg+xml;base64,${btoa(made.qr)}` }),
      h("a", { class: "button primary", href: this.#url, download: fileName }, `Download ${fileName}`),
      h("p", { class: "hint" }, `For ${count(made.uses, "camera")}. Copy it beside `, h("code", {}, "meshcam.toml"), " on the card; the camera wipes it when it has joined."));
  }

  /** The secret stays in the page no longer than it is looked at. */
  #forget() {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
    fill(this.#result);
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.#submit.disabled = busy;
    setText(this.#submit, this.#ticket ? (busy ? "Revoking…" : "Revoke") : busy ? "Making…" : "Make the card");
  }
}

/** @param {Ticket} ticket */
function ticketWords(ticket) {
  if (ticket.left === 0) return "used up";
  return ticket.uses === 1 ? "not used yet" : `${ticket.left} of ${ticket.uses} left`;
}
customElements.define("mc-join-cards", JoinCards);
