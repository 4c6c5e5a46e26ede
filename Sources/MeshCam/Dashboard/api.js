// @ts-check
// The only file that talks to the node: JSON, problems in words, the event stream. It holds no state of the page.

import { EventStreamParser } from "./event-stream.js";
import { sentence } from "./format.js";

const base = "/api/mesh/v1";

/** What the node said when it refused (RFC 9457), or what kept it from answering. `message` is fit for a person. */
export class Problem extends Error {
  /**
   * @param {number} status  HTTP status; 0 where no answer came
   * @param {string} title
   * @param {string} detail
   * @param {{ type?: string, cure?: string, retryAfterSeconds?: number }} [more]
   */
  constructor(status, title, detail, more = {}) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    /** What kind it is: a relative URI such as `/problems/root-locked`. */
    this.type = more.type ?? "";
    this.cure = more.cure ?? "";
    this.retryAfterSeconds = more.retryAfterSeconds ?? NaN;
  }

  /** Detail and cure, as one text. */
  get words() {
    return [this.message, this.cure].filter(Boolean).map(sentence).join(" ");
  }
}

/** @type {(problem: Problem) => void} */
let onSignedOut = () => {};

/** @param {(problem: Problem) => void} listener  called whenever an answer is 401, whoever asked */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/** @param {string} path  below the API's base */
export const urlOf = (path) => base + path;

/** @param {string} id */
export const segment = (id) => encodeURIComponent(id);

/**
 * @param {string} path
 * @param {{ method?: string, body?: unknown, timeoutMs?: number, signal?: AbortSignal, quiet401?: boolean }} [options]
 * @returns {Promise<Response>} an answer that is ok
 */
export async function request(path, options = {}) {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  return send(path, { method: options.method, body: options.body, signal }, options.quiet401 ?? false);
}

/**
 * Sends a body that is no JSON.
 * @param {string} path
 * @param {{ contentType: string, body: string, signal: AbortSignal }} options
 */
export function exchange(path, { contentType, body, signal }) {
  return send(path, { method: "POST", text: body, headers: { "Content-Type": contentType }, signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) }, false);
}

/**
 * @param {string} path
 * @param {{ method?: string, body?: unknown, text?: string, signal?: AbortSignal, headers?: Record<string, string> }} options
 * @param {boolean} quiet401
 */
async function send(path, options, quiet401) {
  /** @type {Record<string, string>} */
  const headers = { ...options.headers };
  const unsafe = options.method !== undefined && options.method !== "GET";
  if (unsafe) headers["Content-Type"] ??= "application/json";
  let response;
  try {
    response = await fetch(urlOf(path), {
      method: options.method ?? "GET",
      headers,
      body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      credentials: "same-origin",
      cache: "no-cache",
      signal: options.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new Problem(0, "No answer", late ? "The node took too long to answer." : "The node does not answer.");
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && !quiet401) onSignedOut(problem);
  throw problem;
}

/** @param {Response} response */
async function problemOf(response) {
  /** @type {any} */
  let body = {};
  if (/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) body = await response.json().catch(() => ({}));
  else await response.body?.cancel().catch(() => {});
  const text = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
  return new Problem(response.status, text(body?.title) || `Error ${response.status}`, text(body?.detail), {
    type: text(body?.type),
    cure: text(body?.cure) || undefined,
    retryAfterSeconds: Number(response.headers.get("Retry-After") ?? NaN),
  });
}

/**
 * @param {string} path
 * @param {Parameters<typeof request>[1]} [options]
 * @returns {Promise<any>}
 */
export async function getJSON(path, options) {
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * A body that goes on for as long as the signal allows (event stream, moving pictures).
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {Record<string, string>} [headers]
 */
export async function openStream(path, signal, headers) {
  const response = await send(path, { signal, headers }, false);
  if (!response.body) throw new Problem(0, "No answer", "The node sent an empty answer.");
  return { contentType: response.headers.get("Content-Type"), reader: response.body.getReader() };
}

/**
 * Follows the event stream until it ends, fails or is aborted.
 * @param {{ lastId: string, signal: AbortSignal, onOpen: () => void, onBytes: () => void, onEvent: (event: import("./event-stream.js").StreamEvent) => void }} options
 */
export async function followEvents(options) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "text/event-stream" };
  if (options.lastId) headers["Last-Event-ID"] = options.lastId;
  const { reader } = await openStream("/events", options.signal, headers);
  options.onOpen();
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    options.onBytes();
    for (const event of parser.push(decoder.decode(value, { stream: true }))) options.onEvent(event);
  }
}

/** Waiting time before attempt `n` (from 0): doubles up to 10 s, with jitter, so that tabs do not come back all at once.
 * @param {number} n */
export const backoffMs = (n) => Math.min(10_000, 400 * 2 ** Math.min(n, 8)) * (0.7 + 0.6 * Math.random());

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]  ends the wait early, without an error
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(undefined);
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve(undefined);
    }
  });
}
