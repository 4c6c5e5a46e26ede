// @ts-check
// One object holds what the page knows. The event stream and the first answers feed it; components render from it.

/** @import { Camera, Clip, Connection, Incident, MeshNode, Missing, Notice, ServingNode, Session } from "./types.js" */

/** @typedef {"session" | "connection" | "cameras" | "nodes" | "incidents" | "clips" | "route" | "seen" | "toasts"} Topic */

/** How many incidents stay in memory when older ones were loaded and new ones keep coming. */
const mostIncidents = 1000;
/** Shorter losses mend themselves before anybody needs to read about them. */
export const patienceMs = 4000;

export class Store {
  /** @type {Session | null} */
  session = null;
  /** @type {ServingNode | null} */
  serving = null;
  /** @type {Connection} */
  connection = { phase: "connecting", since: Date.now(), reason: "" };
  /** True once cameras and nodes have been read since the last (re)connection: only then may the page say "all well". */
  checked = false;
  /** @type {Map<string, Camera>} */
  cameras = new Map();
  /** @type {Map<string, MeshNode>} */
  nodes = new Map();
  /** @type {Map<string, Incident>} */
  incidents = new Map();
  incidentsLoaded = false;
  /** @type {string | null} */
  incidentsCursor = null;
  /** @type {Missing[]} */
  missing = [];
  /**
   * Clips of one camera, newest first, with the cursor of the next page.
   * @type {Map<string, { clips: Clip[], cursor: string | null }>}
   */
  clips = new Map();
  /** @type {{ id: number, text: string, href?: string, link?: string, needsYou?: boolean }[]} */
  toasts = [];

  /**
   * Incidents looked up by their address: perhaps older than the list reaches, so not part of it.
   * @type {Map<string, Incident>}
   */
  #found = new Map();
  /** @type {Map<string, Notice>} */
  #notices = new Map();
  /**
   * When an event last changed a camera or node, so that an older answer does not overwrite it.
   * @type {Map<string, number>}
   */
  #touched = new Map();
  /** @type {Map<Topic, Set<() => void>>} */
  #listeners = new Map();
  /** @type {Set<Topic>} */
  #pending = new Set();

  /**
   * @param {Topic[]} topics
   * @param {() => void} listener  called once per turn in which any of the topics changed
   * @returns {() => void} ends it
   */
  watch(topics, listener) {
    for (const topic of topics) {
      const set = this.#listeners.get(topic) ?? new Set();
      set.add(listener);
      this.#listeners.set(topic, set);
    }
    return () => {
      for (const topic of topics) this.#listeners.get(topic)?.delete(listener);
    };
  }

  /** @param {...Topic} topics */
  changed(...topics) {
    if (this.#pending.size === 0) queueMicrotask(() => this.#notify());
    for (const topic of topics) this.#pending.add(topic);
  }

  #notify() {
    const topics = [...this.#pending];
    this.#pending.clear();
    /** @type {Set<() => void>} */
    const due = new Set();
    for (const topic of topics) for (const listener of this.#listeners.get(topic) ?? []) due.add(listener);
    for (const listener of due) listener();
  }

  /**
   * @param {Connection["phase"]} phase
   * @param {string} [reason]
   * @param {number} [since]  ms since 1970: when the phase began, where that was not just now
   */
  setConnection(phase, reason = "", since = Date.now()) {
    if (this.connection.phase !== phase) this.connection = { phase, since, reason };
    else this.connection.reason = reason;
    if (phase !== "live") this.checked = false;
    this.changed("connection");
  }

  /** Everything that belongs to a signed-in user goes. */
  forget() {
    this.session = null;
    this.checked = false;
    this.cameras = new Map();
    this.nodes = new Map();
    this.incidents = new Map();
    this.incidentsLoaded = false;
    this.incidentsCursor = null;
    this.missing = [];
    this.clips = new Map();
    this.#found.clear();
    this.#notices.clear();
    this.#touched.clear();
    this.changed("session", "cameras", "nodes", "incidents", "clips");
  }

  /**
   * @param {Camera[]} list
   * @param {number} askedAt
   */
  setCameras(list, askedAt) {
    this.cameras = this.#merge(this.cameras, list, askedAt);
    this.changed("cameras");
  }

  /**
   * @param {MeshNode[]} list
   * @param {number} askedAt
   */
  setNodes(list, askedAt) {
    this.nodes = this.#merge(this.nodes, list, askedAt);
    this.changed("nodes");
  }

  /**
   * @template {{ id: string }} T
   * @param {Map<string, T>} known
   * @param {T[]} list
   * @param {number} askedAt
   */
  #merge(known, list, askedAt) {
    /** @type {Map<string, T>} */
    const next = new Map();
    for (const item of list) {
      const newer = (this.#touched.get(item.id) ?? 0) > askedAt ? known.get(item.id) : undefined;
      next.set(item.id, newer ?? item);
    }
    return next;
  }

  /** @param {Camera} camera */
  putCamera(camera) {
    this.#touched.set(camera.id, Date.now());
    this.cameras.set(camera.id, camera);
    this.changed("cameras");
  }

  /** @param {MeshNode} node */
  putNode(node) {
    this.#touched.set(node.id, Date.now());
    // Which node serves this page is this page's own knowledge; a gossiped record need not say so.
    const self = this.serving ? node.id === this.serving.id : node.self;
    this.nodes.set(node.id, { ...node, self });
    this.changed("nodes");
  }

  /**
   * @param {{ incidents: Incident[], cursor: string | null, missing?: Missing[] }} page
   * @param {boolean} first  the newest page; it says anew what is missing
   */
  addIncidents(page, first) {
    for (const incident of page.incidents) this.incidents.set(incident.event, incident);
    if (first && !this.incidentsLoaded) this.incidentsCursor = page.cursor;
    if (!first) this.incidentsCursor = page.cursor;
    this.missing = page.missing ?? [];
    this.incidentsLoaded = true;
    this.#trim();
    this.changed("incidents");
  }

  /** @param {Notice} notice */
  putNotice(notice) {
    this.#notices.set(notice.event, notice);
    if (this.#notices.size > 200) this.#notices.delete(/** @type {string} */ (this.#notices.keys().next().value));
    const incident = this.incidents.get(notice.event);
    if (incident) {
      this.incidents.set(notice.event, { ...incident, origin: notice.camera, label: notice.label ?? incident.label });
      this.changed("incidents");
    }
  }

  /**
   * Puts a clip into its incident; the first clip of an unknown event founds one.
   * @param {Clip} clip
   */
  putClip(clip) {
    const notice = this.#notices.get(clip.event);
    const known = this.incident(clip.event);
    const clips = known ? known.clips.filter((other) => other.id !== clip.id).concat(clip) : [clip];
    clips.sort((a, b) => a.cameraName.localeCompare(b.cameraName) || a.id.localeCompare(b.id));
    const ends = clips.map((each) => each.end).filter((end) => end !== null).sort();
    this.incidents.set(clip.event, {
      event: clip.event,
      kind: known?.kind ?? clip.kind,
      label: known?.label ?? notice?.label ?? clip.label,
      start: clips.map((each) => each.start).sort()[0],
      end: ends.at(-1) ?? null,
      triggered: known?.triggered ?? clip.triggered,
      origin: known?.origin ?? notice?.camera ?? null,
      recording: clips.some((each) => each.state === "recording"),
      clips,
    });
    const page = this.clips.get(clip.camera);
    if (page) {
      const rest = page.clips.filter((other) => other.id !== clip.id);
      this.clips.set(clip.camera, { ...page, clips: rest.concat(clip).sort((a, b) => b.start.localeCompare(a.start)) });
      this.changed("clips");
    }
    this.#trim();
    this.changed("incidents");
  }

  /**
   * @param {string} event  as it stands in the address; one of the incident's events
   * @param {Incident} incident
   */
  putFound(event, incident) {
    this.#found.set(event, incident);
    this.changed("incidents");
  }

  /** @param {string} event */
  incident(event) {
    return this.incidents.get(event) ?? this.#found.get(event);
  }

  /** Whether what is known is about now. */
  get isLive() {
    return this.connection.phase === "live";
  }

  /** Whether the node has been gone for longer than losses last that mend themselves. */
  get isCutOff() {
    return this.connection.phase === "lost" && Date.now() - this.connection.since >= patienceMs;
  }

  /** Cameras in the order of every view: by name, as people sort names. */
  get cameraList() {
    return [...this.cameras.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.id.localeCompare(b.id));
  }

  get nodeList() {
    return [...this.nodes.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.id.localeCompare(b.id));
  }

  /** Newest first. */
  get incidentList() {
    return [...this.incidents.values()].sort((a, b) => momentOf(b).localeCompare(momentOf(a)));
  }

  #trim() {
    if (this.incidents.size <= mostIncidents) return;
    for (const incident of this.incidentList.slice(mostIncidents)) this.incidents.delete(incident.event);
  }

  /** @param {string} cameraId */
  cameraName(cameraId) {
    return this.cameras.get(cameraId)?.name ?? "";
  }
}

/**
 * The moment that names an incident: its trigger.
 * @param {Incident} incident
 */
export const momentOf = (incident) => incident.triggered ?? incident.start;
