// @ts-check
// Who belongs to the mesh: cameras that wait to be added, adding one, and the very first one.

import { getJSON, Problem, segment } from "./api.js";

/** @typedef {{ id: string, name: string, version: string, addresses: string[] }} FoundCamera */

/** @returns {Promise<FoundCamera[]>} */
export const foundCameras = () => getJSON("/discovered", { timeoutMs: 5000 });

/**
 * @param {string} node  id from {@link foundCameras}
 * @param {string} code  as typed
 * @returns {Promise<{ node: string, name: string }>}
 */
export const addCamera = (node, code) => getJSON("/pairings", { method: "POST", body: { node, code }, timeoutMs: 70_000 });

/** @typedef {{ id: string, name: string, uses: number, left: number, joined: { node: string, name: string }[], revoked: boolean }} Ticket */
/** @typedef {{ id: string, name: string, uses: number, bundle: string, text: string, qr: string }} NewTicket */

/** @returns {Promise<Ticket[]>} */
export const tickets = () => getJSON("/tickets", { timeoutMs: 5000 });

/**
 * @param {string} name
 * @param {number} uses
 * @returns {Promise<NewTicket>}
 */
export const makeTicket = (name, uses) => getJSON("/tickets", { method: "POST", body: { name, uses }, timeoutMs: 20_000 });

/** @param {string} id */
export const revokeTicket = (id) => getJSON(`/tickets/${segment(id)}`, { method: "DELETE", timeoutMs: 20_000 });

/** Opens the mesh's root key for ten minutes, for this session at this node.
 * @param {string} passphrase */
export const unlock = (passphrase) => getJSON("/session/unlock", { method: "POST", body: { passphrase }, timeoutMs: 30_000 });

/** Whether an act was refused only because the passphrase has to be typed again.
 * @param {unknown} error */
export const isLocked = (error) => error instanceof Problem && error.type === "/problems/root-locked";

/**
 * @param {{ code: string, mesh: string, username: string, password: string }} wanted
 * @returns {Promise<{ mesh: string, name: string, recoveryPhrase: string }>}
 */
export const foundMesh = (wanted) => getJSON("/founding", { method: "POST", body: wanted, timeoutMs: 60_000, quiet401: true });

/** Every password is lost: the printed phrase makes a new admin.
 * @param {{ phrase: string, username: string, password: string }} wanted
 * @returns {Promise<{ username: string, viewers: string[] }>}
 */
export const recover = (wanted) => getJSON("/recovery", { method: "POST", body: wanted, timeoutMs: 60_000, quiet401: true });

/** A camera is in the wrong hands.
 * @param {string} node
 * @param {string} passphrase
 * @returns {Promise<{ node: string, name: string, changes: { what: string, why: string }[] }>}
 */
export const giveUp = (node, passphrase) => getJSON(`/nodes/${segment(node)}/stolen`, { method: "POST", body: { passphrase }, timeoutMs: 60_000 });

/** Waits until the node has started again as a member of its new mesh. */
export async function untilMember() {
  for (;;) {
    try {
      const node = await getJSON("/node", { timeoutMs: 3000 });
      if (node.mesh) return;
    } catch {
      // It is starting again.
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * What was typed so far, in groups of three digits.
 * @param {string} text
 */
export function codeGroups(text) {
  const digits = text.replace(/\D/g, "").slice(0, 9);
  return (digits.match(/.{1,3}/g) ?? []).join(" ");
}
