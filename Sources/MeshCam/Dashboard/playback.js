// @ts-check
// All angles of an incident on one time axis. Pure: times come in, plans go out; incident-player.js does the rest.

/** @import { Clip, Incident } from "./types.js" */

import { at } from "./format.js";

/** @typedef {{ id: string, camera: string, name: string, startMs: number, endMs: number, frameMs: number, clip: Clip }} Angle  wall-clock ms */

export const speeds = [0.25, 0.5, 1, 2, 4];

/** Further off than this, a picture jumps into place; nearer, it runs a little faster or slower until it fits. Seconds. */
const jumpSeconds = 0.35;
const nudgePerSecond = 0.6;
const mostNudge = 0.12;

/**
 * @param {Incident} incident
 * @param {(camera: string) => number} fpsOf
 * @returns {Angle[]} in the order of the cameras' names, the origin first
 */
export function anglesOf(incident, fpsOf) {
  return incident.clips
    .filter((clip) => Number.isFinite(at(clip.start)))
    .map((clip) => {
      const startMs = at(clip.start);
      const byLength = startMs + Math.max(0, clip.durationSeconds || 0) * 1000;
      const endMs = clip.durationSeconds > 0 ? byLength : Math.max(byLength, at(clip.end) || startMs);
      const fps = fpsOf(clip.camera);
      return { id: clip.id, camera: clip.camera, name: clip.cameraName, startMs, endMs, frameMs: 1000 / (fps > 0 && fps <= 240 ? fps : 25), clip };
    })
    .sort((a, b) => Number(b.camera === incident.origin) - Number(a.camera === incident.origin) || a.name.localeCompare(b.name) || a.startMs - b.startMs);
}

/**
 * @param {Angle[]} angles
 * @returns {{ startMs: number, endMs: number }} from the first frame of any angle to the last of any
 */
export function rangeOf(angles) {
  if (angles.length === 0) return { startMs: 0, endMs: 0 };
  return { startMs: Math.min(...angles.map((angle) => angle.startMs)), endMs: Math.max(...angles.map((angle) => angle.endMs)) };
}

/**
 * What one picture must do now to be at `wallMs`.
 * @param {{ startMs: number, endMs: number }} angle
 * @param {{ wallMs: number, playing: boolean, speed: number, mediaSeconds: number, seeking: boolean }} now
 * @returns {{ phase: "before" | "inside" | "after", play: boolean, seekTo: number | null, rate: number }}
 */
export function followPlan(angle, now) {
  const length = Math.max(0, (angle.endMs - angle.startMs) / 1000);
  const want = (now.wallMs - angle.startMs) / 1000;
  const idle = { play: false, rate: now.speed };
  const settle = (/** @type {number} */ seconds) => (!now.seeking && Math.abs(now.mediaSeconds - seconds) > 0.05 ? seconds : null);
  if (want < 0) return { phase: "before", seekTo: settle(0), ...idle };
  if (want >= length) return { phase: "after", seekTo: now.playing && length - now.mediaSeconds < 0.3 ? null : settle(length), ...idle };
  const drift = want - now.mediaSeconds;
  if (!now.playing) return { phase: "inside", seekTo: !now.seeking && Math.abs(drift) > 0.004 ? want : null, ...idle };
  if (Math.abs(drift) > jumpSeconds * Math.max(1, now.speed)) return { phase: "inside", play: true, seekTo: now.seeking ? null : want, rate: now.speed };
  const nudge = Math.abs(drift) < 0.03 ? 0 : Math.max(-mostNudge, Math.min(mostNudge, drift * nudgePerSecond));
  return { phase: "inside", play: true, seekTo: null, rate: now.speed * (1 + nudge) };
}

/** The common clock of all angles. `now` is any monotonic time in ms, the same one in every call. */
export class PlaybackClock {
  #wallMs;
  #since = 0;
  #held = false;
  startMs;
  endMs;
  speed = 1;
  playing = false;

  /** @param {{ startMs: number, endMs: number }} range */
  constructor(range) {
    this.startMs = range.startMs;
    this.endMs = range.endMs;
    this.#wallMs = range.startMs;
  }

  /**
   * Wall time shown at `now`.
   * @param {number} now
   */
  at(now) {
    if (!this.playing || this.#held) return this.#wallMs;
    return Math.min(this.endMs, this.#wallMs + (now - this.#since) * this.speed);
  }

  get held() {
    return this.#held;
  }

  /** @param {{ startMs: number, endMs: number }} range  it may grow while a clip is being written */
  setRange(range) {
    this.startMs = range.startMs;
    this.endMs = range.endMs;
  }

  /** @param {number} now */
  play(now) {
    if (this.at(now) >= this.endMs - 1) this.#wallMs = this.startMs;
    else this.#wallMs = this.at(now);
    this.#since = now;
    this.playing = true;
  }

  /** @param {number} now */
  pause(now) {
    this.#settle(now);
    this.playing = false;
  }

  /**
   * @param {number} wallMs
   * @param {number} now
   */
  seek(wallMs, now) {
    this.#wallMs = Math.max(this.startMs, Math.min(this.endMs, wallMs));
    this.#since = now;
  }

  /**
   * @param {number} speed
   * @param {number} now
   */
  setSpeed(speed, now) {
    this.#settle(now);
    this.speed = speed;
  }

  /**
   * Stands still while a picture is being fetched.
   * @param {boolean} held
   * @param {number} now
   */
  hold(held, now) {
    if (held === this.#held) return;
    this.#settle(now);
    this.#held = held;
  }

  /** @param {number} now */
  #settle(now) {
    this.#wallMs = this.at(now);
    this.#since = now;
  }
}

/**
 * Marks for the axis: round distances from the trigger, few enough to read.
 * @param {number} startMs
 * @param {number} endMs
 * @param {number} originMs
 * @param {number} most
 * @returns {{ ms: number, seconds: number }[]}
 */
export function axisMarks(startMs, endMs, originMs, most) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((seconds) => (endMs - startMs) / 1000 / seconds <= most) ?? 1800;
  /** @type {{ ms: number, seconds: number }[]} */
  const marks = [];
  for (let n = Math.ceil((startMs - originMs) / 1000 / step); originMs + n * step * 1000 <= endMs; n += 1) {
    if (marks.length > 200) break;
    marks.push({ ms: originMs + n * step * 1000, seconds: n * step });
  }
  return marks;
}
