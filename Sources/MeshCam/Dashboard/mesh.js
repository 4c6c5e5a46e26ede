// @ts-check
// What the page does with the mesh: keeps the store true, and carries out what a user asks for. The only caller of api.js
// besides the pictures.

import { addressOf } from "./address.js";
import { backoffMs, followEvents, getJSON, pause, Problem, request, segment, whenSignedOut } from "./api.js";
import { at, count, fileName } from "./format.js";
import { SeenIncidents } from "./seen.js";
import { Store } from "./store.js";

/** @import { Camera, Clip, MeshNode, Notice, Session } from "./types.js" */

/** The node says something every 2 s, if only a beat. Three of them missed: it is lost, and the connection is opened anew. */
const silenceMs = 6000;
/** How long a node may take to begin its answer when the event stream is opened. */
const openMs = 5000;
/** A timer that fires this late was asleep together with the page: then nothing is known about the node yet. */
const sleptMs = 3000;
/** A tab in the background gives its connection back: browsers allow six per node over HTTP/1.1, for all tabs together. */
const hiddenMs = 60_000;
const pageSize = 50;

class Mesh {
  store = new Store();
  seen = new SeenIncidents(() => this.store.changed("seen"));
  /** @type {AbortController | null} */
  #following = null;
  #lastId = "";
  #toastId = 0;
  #hiddenTimer = 0;
  /** @type {Promise<void> | null} */
  #loadingIncidents = null;

  constructor() {
    whenSignedOut(() => this.#signedOut());
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  // Session

  /** Who serves the page and who is signed in. Resolves once both are known; waits for a node that does not answer. */
  async open() {
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.store.serving = await getJSON("/node", { timeoutMs: 5000 });
        this.#enter(await getJSON("/session", { quiet401: true }));
        return;
      } catch (error) {
        if (error instanceof Problem && error.status === 401) {
          this.store.changed("session");
          return;
        }
        this.store.setConnection("lost", wordsOf(error));
        await pause(backoffMs(attempt));
      }
    }
  }

  /** Asks again who serves the page: it has become the member of a mesh. */
  async reopen() {
    this.store.serving = await getJSON("/node", { timeoutMs: 5000 });
    this.store.changed("session");
  }

  /**
   * @param {string} username
   * @param {string} password
   */
  async signIn(username, password) {
    this.#enter(await getJSON("/session", { method: "POST", body: { username, password }, quiet401: true }));
  }

  async signOut() {
    try {
      await request("/session", { method: "DELETE", quiet401: true });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) {
        this.toast(`Still signed in: ${wordsOf(error)}`, { needsYou: true });
        return;
      }
    }
    this.#signedOut();
  }

  /** Asks again who is signed in: the cookie or the role may be another one. */
  async renew() {
    try {
      this.#enter(await getJSON("/session"));
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) this.toast(wordsOf(error), { needsYou: true });
    }
  }

  /** @param {Session} session */
  #enter(session) {
    this.store.session = session;
    this.store.changed("session");
    this.#follow();
  }

  #signedOut() {
    this.#following?.abort();
    this.#following = null;
    this.#lastId = "";
    if (this.store.session) this.store.forget();
  }

  // The event stream

  #follow() {
    this.#following?.abort();
    const controller = new AbortController();
    this.#following = controller;
    void this.#followUntil(controller.signal);
  }

  /** @param {AbortSignal} signal */
  async #followUntil(signal) {
    let attempt = 0;
    while (!signal.aborted) {
      const once = new AbortController();
      let heardAt = Date.now();
      // A node that hangs or was unplugged never closes its connection. Only its silence tells.
      const gaveUp = (/** @type {number} */ afterMs, /** @type {string} */ words) => {
        if (Date.now() - heardAt > afterMs + sleptMs) this.store.setConnection("connecting");
        else this.store.setConnection("lost", words, heardAt);
        once.abort();
      };
      let deadline = setTimeout(() => gaveUp(openMs, "It took too long to answer."), openMs);
      const heard = () => {
        heardAt = Date.now();
        clearTimeout(deadline);
        deadline = setTimeout(() => gaveUp(silenceMs, "It fell silent."), silenceMs);
      };
      try {
        await followEvents({
          lastId: this.#lastId,
          signal: AbortSignal.any([signal, once.signal]),
          onOpen: () => {
            attempt = 0;
            heard();
            this.store.setConnection("live");
            void this.refresh();
          },
          onBytes: heard,
          onEvent: (event) => {
            if (event.id) this.#lastId = event.id;
            this.#apply(event.type, event.data);
          },
        });
        if (!signal.aborted) this.store.setConnection("lost", "It closed the connection.");
      } catch (error) {
        if (signal.aborted) return;
        if (!once.signal.aborted) this.store.setConnection("lost", wordsOf(error));
      } finally {
        clearTimeout(deadline);
      }
      if (signal.aborted) return;
      // Somebody may be waiting in front of the page: never longer than some seconds.
      await pause(backoffMs(Math.min(attempt, 3)), signal);
      attempt += 1;
    }
  }

  /**
   * @param {string} type
   * @param {string} data
   */
  #apply(type, data) {
    if (type === "resync") {
      void this.refresh();
      return;
    }
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof value !== "object" || value === null) return;
    if (type === "camera" && value.id) this.store.putCamera(/** @type {Camera} */ (value));
    else if (type === "node" && value.id) this.store.putNode(/** @type {MeshNode} */ (value));
    else if (type === "clip" && value.id) this.store.putClip(/** @type {Clip} */ (value));
    else if (type === "event" && value.event) this.store.putNotice(/** @type {Notice} */ (value));
  }

  #visibility() {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => {
        this.#following?.abort();
        this.#following = null;
      }, hiddenMs);
    } else if (this.store.session && !this.#following) {
      this.store.setConnection("connecting");
      this.#follow();
    }
  }

  /** Reads everything anew. */
  async refresh() {
    const askedAt = Date.now();
    try {
      const [cameras, nodes, session] = await Promise.all([getJSON("/cameras"), getJSON("/nodes"), getJSON("/session"), this.#newestIncidents()]);
      if (!this.store.session) return;
      // Somebody may have made an admin of a viewer, or the reverse.
      if (session.user.role !== this.store.session.user.role) {
        this.store.session = session;
        this.store.changed("session");
      }
      this.store.setCameras(cameras, askedAt);
      this.store.setNodes(nodes, askedAt);
      this.store.checked = true;
      this.store.changed("connection");
    } catch (error) {
      // The event stream notices a dead node by itself; what is left is an answer that was refused.
      if (error instanceof Problem && error.status > 0 && error.status !== 401) this.toast(error.words, { needsYou: true });
    }
  }

  async #newestIncidents() {
    const page = await getJSON(`/incidents?limit=${pageSize}`);
    if (this.store.session) this.store.addIncidents(page, true);
  }

  // What users ask for

  /** The next older page of incidents; at most one at a time. */
  loadOlderIncidents() {
    this.#loadingIncidents ??= this.#olderIncidents().finally(() => {
      this.#loadingIncidents = null;
    });
    return this.#loadingIncidents;
  }

  async #olderIncidents() {
    const cursor = this.store.incidentsCursor;
    if (!cursor) return;
    try {
      this.store.addIncidents(await getJSON(`/incidents?limit=${pageSize}&cursor=${encodeURIComponent(cursor)}`), false);
    } catch (error) {
      this.#refused("Older incidents could not be read.", error);
    }
  }

  /**
   * Makes sure that an incident named in an address is in the store, if the mesh still has it. Asks until there is an answer.
   * @param {string} event
   * @param {AbortSignal} signal  ends the search, without an error
   */
  async findIncident(event, signal) {
    for (let attempt = 0; !signal.aborted && !this.store.incident(event); attempt += 1) {
      try {
        this.store.putFound(event, await getJSON(`/incidents/${segment(event)}`, { signal }));
      } catch (error) {
        if (signal.aborted || (error instanceof Problem && (error.status === 401 || error.status === 404))) return;
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  /** @param {string} camera */
  async loadClips(camera) {
    try {
      const page = await getJSON(`/clips?camera=${segment(camera)}&limit=24`);
      this.store.clips.set(camera, { clips: page.clips, cursor: page.cursor });
      this.store.changed("clips");
    } catch (error) {
      this.#refused("Clips could not be read.", error);
    }
  }

  /**
   * Records now, with the pre-roll, on every camera of the group.
   * @param {string} cameraId
   */
  async record(cameraId) {
    if (this.store.session?.user.role !== "admin") return;
    const name = this.store.cameraName(cameraId);
    try {
      const { event } = await getJSON(`/cameras/${segment(cameraId)}/trigger`, { method: "POST", body: { kind: "manual" } });
      this.toast(`${name}: recording, from shortly before.`, { href: `#/incidents/${segment(event)}`, link: "Watch" });
    } catch (error) {
      this.#refused(`${name}: not recording.`, error);
    }
  }

  /**
   * Saves the picture of this moment as a file.
   * @param {string} cameraId
   */
  async saveSnapshot(cameraId) {
    const name = this.store.cameraName(cameraId);
    try {
      const response = await request(`/cameras/${segment(cameraId)}/snapshot.jpg`);
      const takenAt = Date.parse(response.headers.get("Last-Modified") ?? "");
      const url = URL.createObjectURL(await response.blob());
      const link = document.createElement("a");
      link.href = url;
      link.download = fileName(name, Number.isFinite(takenAt) ? takenAt : Date.now(), "jpg");
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      this.toast(`${name}: snapshot saved.`);
    } catch (error) {
      this.#refused(`${name}: no snapshot.`, error);
    }
  }

  /**
   * One line at the edge of the page, gone after some seconds.
   * @param {string} text
   * @param {{ href?: string, link?: string, needsYou?: boolean }} [more]
   */
  toast(text, more = {}) {
    const id = (this.#toastId += 1);
    this.store.toasts = [...this.store.toasts.filter((toast) => toast.text !== text), { id, text, ...more }].slice(-3);
    this.store.changed("toasts");
    setTimeout(() => this.dismiss(id), more.needsYou ? 9000 : 5000);
  }

  /**
   * Says what did not work. A session that has ended needs no words: the sign-in page is in front already.
   * @param {string} what
   * @param {unknown} error
   */
  #refused(what, error) {
    if (error instanceof Problem && error.status === 401) return;
    this.toast(`${what} ${wordsOf(error)}`, { needsYou: true });
  }

  /** @param {number} id */
  dismiss(id) {
    this.store.toasts = this.store.toasts.filter((toast) => toast.id !== id);
    this.store.changed("toasts");
  }

  /** Addresses of the other nodes that answer, with the same place in the page. */
  otherNodes() {
    return this.store.nodeList
      .filter((node) => node.id !== this.store.serving?.id && node.online)
      .map((node) => ({ name: node.name, url: this.samePlaceAt(node) }))
      .filter((node) => node.url !== "");
  }

  /**
   * This place in the page, served by another node; "" where no address of it is known.
   * @param {MeshNode} node
   */
  samePlaceAt(node) {
    const address = addressOf(node, this.store.nodes.get(this.store.serving?.id ?? ""), location);
    return address && new URL(`/${location.hash}`, address).href;
  }
}

/** @param {unknown} error */
export function wordsOf(error) {
  if (error instanceof Problem) {
    const wait = error.status === 429 && error.retryAfterSeconds > 0 ? ` Try again in ${count(error.retryAfterSeconds, "second")}.` : "";
    return error.words + wait;
  }
  return error instanceof Error && error.constructor === Error ? error.message : "The connection broke.";
}

/**
 * How long a clip is by its two ends, where the node does not say.
 * @param {Clip} clip
 */
export const lengthOf = (clip) => clip.durationSeconds || (at(clip.end) - at(clip.start)) / 1000 || 0;

export const mesh = new Mesh();
export const store = mesh.store;
