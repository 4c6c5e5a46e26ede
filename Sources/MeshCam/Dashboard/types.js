// @ts-check
// The shapes of /api/mesh/v1, for the type checker only. This file has no code.

/** @typedef {{ message: string, cure?: string }} Trouble */

/**
 * @typedef {object} Camera
 * @property {string} id
 * @property {string} name
 * @property {string} node
 * @property {string} nodeName
 * @property {string[]} groups
 * @property {boolean} online
 * @property {string | null} lastSeen  RFC 3339
 * @property {boolean} recording
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {string} codec
 * @property {boolean} motion
 * @property {number} motionLevel  0…1
 * @property {boolean} night
 * @property {"running" | "starting" | "failed" | "offline" | "none"} state
 * @property {string[]} [iceServers]  URIs of STUN and TURN servers, for viewers behind other routers
 * @property {Trouble | null} [problem]
 */

/**
 * @typedef {object} Clip
 * @property {string} id
 * @property {string} camera
 * @property {string} cameraName
 * @property {string} node
 * @property {string} event
 * @property {"motion" | "manual" | "sound"} kind
 * @property {string | null} label
 * @property {string} start
 * @property {string | null} end
 * @property {string | null} triggered
 * @property {number} durationSeconds
 * @property {number} bytes
 * @property {string} codec
 * @property {number} width
 * @property {number} height
 * @property {"recording" | "spooled" | "stored" | "replicated" | "interrupted"} state
 * @property {string[]} holders
 * @property {boolean} protected
 * @property {unknown} signature
 */

/**
 * @typedef {object} Incident
 * @property {string} event
 * @property {"motion" | "manual" | "sound"} kind
 * @property {string | null} label
 * @property {string} start
 * @property {string | null} end
 * @property {string | null} triggered
 * @property {string | null} origin  camera id
 * @property {boolean} recording
 * @property {Clip[]} clips
 */

/**
 * @typedef {object} MeshNode
 * @property {string} id
 * @property {string} name
 * @property {boolean} self
 * @property {boolean} online
 * @property {string} status
 * @property {string} version
 * @property {string | null} lastSeen
 * @property {string[]} addresses
 * @property {string | null} url
 * @property {string | null} httpUrl
 * @property {number} [uptimeSeconds]
 * @property {number} [clockOffsetSeconds]
 * @property {number} [clockUncertaintySeconds]
 * @property {boolean} coordinator
 * @property {string[]} cameras
 * @property {Trouble[]} problems
 * @property {string} [missing]  why its own part of the last answer is missing
 */

/** @typedef {{ node: string, name: string, reason: string }} Missing */
/** @typedef {{ user: { name: string, role: string }, node: { id: string, name: string }, expires: string }} Session */
/** @typedef {{ id: string, name: string, version: string, mesh?: string }} ServingNode */
/** @typedef {{ event: string, camera: string, kind: Incident["kind"], label: string | null, at: string }} Notice */
/** @typedef {{ phase: "connecting" | "live" | "lost", since: number, reason: string }} Connection */

export {};
