// @ts-check
// Server-Sent Events over fetch: EventSource can neither tell a 401 from a dead node nor back off.
// WHATWG HTML, section 9.2 "Server-sent events".

/** @typedef {{ type: string, data: string, id: string }} StreamEvent */

const longestLine = 4 * 1024 * 1024;

/** Turns text chunks, cut anywhere, into events. */
export class EventStreamParser {
  #rest = "";
  #type = "";
  /** @type {string[]} */
  #data = [];
  /** The last id seen; it stays for events that carry none. */
  lastId = "";

  /**
   * @param {string} chunk
   * @returns {StreamEvent[]}
   */
  push(chunk) {
    this.#rest += chunk;
    if (this.#rest.length > longestLine) throw new RangeError("The event stream sent a line without end.");
    // A CR at the very end may be half of a CRLF: it waits for what follows.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    /** @type {StreamEvent[]} */
    const events = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") {
      const data = this.#data.join("\n");
      const type = this.#type || "message";
      const any = this.#data.length > 0 || this.#type !== "";
      this.#data = [];
      this.#type = "";
      return any ? { type, data, id: this.lastId } : null;
    }
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    return null;
  }
}
