// @ts-check
// Who may sign in, what programs sign in with, and who did what.

import { getJSON, segment } from "./api.js";

/** @typedef {"admin" | "viewer"} Role */
/** @typedef {{ name: string, role: Role, cameras: string[] }} User  no cameras: all of them */
/** @typedef {{ id: string, name: string, role: Role, cameras: string[], scopes: string[], expires?: string, madeBy: string, made: string, token?: string }} Token */
/** @typedef {{ id: string, at: string, act: string, who: string, from: string, subject?: string, detail?: string, nodeName: string }} AuditEntry */

/** Argon2id on a small node, several times: it takes seconds. */
const slowMs = 60_000;

/** @returns {Promise<User[]>} */
export const allUsers = () => getJSON("/users");

/** @param {{ name: string, password: string, role: Role, cameras: string[] }} user */
export const addUser = (user) => getJSON("/users", { method: "POST", body: user, timeoutMs: slowMs });

/**
 * @param {string} name
 * @param {{ role?: Role, cameras?: string[], password?: string }} change
 */
export const changeUser = (name, change) => getJSON(`/users/${segment(name)}`, { method: "PATCH", body: change, timeoutMs: slowMs });

/** @param {string} name */
export const removeUser = (name) => getJSON(`/users/${segment(name)}`, { method: "DELETE" });

/**
 * @param {string} old
 * @param {string} wanted
 * @returns {Promise<{ signedIn: boolean }>}
 */
export const changeOwnPassword = (old, wanted) => getJSON("/users/me/password", { method: "PUT", body: { old, new: wanted }, timeoutMs: slowMs });

/** @returns {Promise<Token[]>} */
export const allTokens = () => getJSON("/tokens");

/**
 * @param {{ name: string, role: Role, cameras: string[], expires?: string }} token
 * @returns {Promise<Token>}
 */
export const makeToken = (token) => getJSON("/tokens", { method: "POST", body: token });

/** @param {string} id */
export const removeToken = (id) => getJSON(`/tokens/${segment(id)}`, { method: "DELETE" });

/**
 * @param {string} [cursor]
 * @returns {Promise<{ entries: AuditEntry[], cursor: string | null, missing: { name: string, reason: string }[] }>}
 */
export const auditPage = (cursor) => getJSON(`/audit?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

/**
 * What an entry says, as a sentence without its author.
 * @param {AuditEntry} entry
 */
export function actWords(entry) {
  const subject = entry.subject ?? "";
  switch (entry.act) {
    case "signed-in": return "signed in";
    case "signed-out": return "signed out";
    case "unlocked": return "typed the passphrase for changes to the mesh";
    case "user-added": return `added the user ${subject}`;
    case "user-changed": return `changed the user ${subject}`;
    case "user-removed": return `removed the user ${subject}`;
    case "password-changed": return "changed their own password";
    case "token-made": return `made the token ${subject}`;
    case "token-removed": return `ended the token ${subject}`;
    case "camera-added": return `added the camera ${subject}`;
    case "camera-joined": return `brought the camera ${subject}`;
    case "node-revoked": return `ended the membership of ${subject}`;
    case "groups-changed": return "changed the groups";
    case "storage-changed": return `${entry.detail ?? "changed"} the storage ${subject}`;
    case "ice-servers-changed": return "set the servers that help viewers behind other routers";
    case "exported": return `exported ${entry.detail ?? "recordings"} of ${subject}`;
    case "triggered": return `started a recording at ${subject}`;
    case "mesh-recovered": return "recovered the mesh with its printed phrase";
    case "ticket-made": return `made a ticket for cards: ${subject}`;
    case "ticket-revoked": return `revoked the ticket ${subject}`;
    case "mesh-founded": return `founded the mesh ${subject}`;
    case "sign-in-refused": return "could not sign in";
    case "unlock-refused": return "typed a wrong passphrase";
    case "password-refused": return "typed a wrong old password";
    case "token-refused": return "came with a token that opens nothing";
    case "camera-refused": return "could not add a camera";
    case "join-refused": return "came with a ticket that opens nothing";
    case "founding-refused": return "typed a wrong setup code";
    case "recovery-refused": return "typed a wrong recovery phrase";
    default: return [entry.act, subject].filter(Boolean).join(" ");
  }
}
