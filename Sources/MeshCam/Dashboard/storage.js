// @ts-check
// Where footage goes, how that is, and what has not reached it yet.

import { getJSON, segment } from "./api.js";

/** @typedef {{ message: string, cure: string }} ProblemNote */
/** @typedef {{ node: string, nodeName: string, problem?: ProblemNote, freeBytes?: number, totalBytes?: number, sharing?: { state: string, withName: string, problem?: ProblemNote } }} Reach */
/** @typedef {{ id: string, location: string, name: string, scope: "mesh" | "node", user?: string, reach: Reach[] }} Target */
/** @typedef {{ camera: string, cameraName: string, clip: string, start: string, end: string, reason: string }} Loss */
/** @typedef {{ node: string, nodeName: string, spooledBytes: number, spoolLimitBytes: number, waitingClips: number, reason?: string, safeOutside?: { fragments: number, p50Seconds: number, p99Seconds: number }, disk?: { path: string, usedBytes: number, quotaBytes: number, problem?: ProblemNote }, losses?: Loss[] }} Waiting */
/** @typedef {{ targets: Target[], nodes: Waiting[], missing: { name: string, reason: string }[] }} Storage */

/** @returns {Promise<Storage>} */
export const storage = () => getJSON("/storage");

/**
 * @param {{ location: string, user?: string, password?: string }} target
 * @returns {Promise<Target>}
 */
export const addTarget = (target) => getJSON("/storage/targets", { method: "POST", body: target });

/**
 * @param {string} id
 * @param {{ user?: string, password?: string }} change
 * @returns {Promise<Target>}
 */
export const changeTarget = (id, change) => getJSON(`/storage/targets/${segment(id)}`, { method: "PATCH", body: change });

/** @param {string} id */
export const removeTarget = (id) => getJSON(`/storage/targets/${segment(id)}`, { method: "DELETE" });
