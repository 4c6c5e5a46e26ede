// @ts-check
// Words for times, sizes and states. Times are in the viewer's zone; the zone itself is named once per page.

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayWithYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const shortDay = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

/** Milliseconds since 1970, or NaN where the text is no time.
 * @param {string | null | undefined} text */
export const at = (text) => (text ? Date.parse(text) : NaN);

/** @param {number} ms */
export const clockTime = (ms) => (Number.isFinite(ms) ? clock.format(ms) : "unknown time");
/** @param {number} ms */
export const shortTime = (ms) => (Number.isFinite(ms) ? shortClock.format(ms) : "unknown time");

/** Local midnight of the day that holds `ms`.
 * @param {number} ms */
export function dayStart(ms) {
  const date = new Date(ms);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/**
 * "Today", "Yesterday", "Thursday, 20 November", "20 November 2025".
 * @param {number} ms
 * @param {number} now
 */
export function dayName(ms, now) {
  if (!Number.isFinite(ms)) return "Unknown day";
  const today = dayStart(now);
  if (ms >= today) return "Today";
  if (ms >= dayStart(today - 1)) return "Yesterday";
  return today - ms < 300 * 86_400_000 ? day.format(ms) : dayWithYear.format(ms);
}

/**
 * The time, with the day in front when that is not today.
 * @param {number} ms
 * @param {number} now
 */
export function whenShort(ms, now) {
  if (!Number.isFinite(ms)) return "unknown time";
  if (ms >= dayStart(now)) return shortTime(ms);
  if (ms >= dayStart(dayStart(now) - 1)) return `Yesterday ${shortTime(ms)}`;
  return `${shortDay.format(ms)}, ${shortTime(ms)}`;
}

/**
 * A length of time in its largest sensible unit: "4 s", "12 min", "3 h", "2 days".
 * @param {number} seconds
 */
export function span(seconds) {
  if (!Number.isFinite(seconds)) return "an unknown time";
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h`;
  const days = Math.floor(s / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** Length of a clip: "0:26", "10:00", "1:02:03".
 * @param {number} seconds */
export function duration(seconds) {
  const s = Math.max(0, Math.round(Number.isFinite(seconds) ? seconds : 0));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** @param {number} n */
export function bytes(n) {
  if (!Number.isFinite(n) || n < 0) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** "+0.4 ms", "−3.2 s".
 * @param {number} seconds */
export function offset(seconds) {
  const size = Math.abs(seconds);
  const text = size < 1 ? `${(size * 1000).toFixed(size < 0.01 ? 1 : 0)} ms` : `${size.toFixed(1)} s`;
  return `${seconds < 0 ? "−" : "+"}${text}`;
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** @param {string[]} words  "a", "a and b", "a, b and c" */
export function list(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** The word for what set an incident off.
 * @param {string} kind */
export const kindWord = (kind) => ({ motion: "Motion", sound: "Sound", manual: "By hand" })[kind] ?? "Event";

/** Where a clip's bytes are, in words that claim no more than the server does.
 * @param {import("./types.js").Clip} clip */
export function keeping(clip) {
  const where = clip.holders?.length ? list(clip.holders) : "";
  switch (clip.state) {
    case "recording": return "Recording now";
    case "spooled": case "replicated": return where ? `In memory on ${where}, not yet stored` : "In memory, not yet stored";
    case "stored": return where ? `Stored on ${where}` : "Stored";
    case "interrupted": return where ? `Cut short; what there is lies on ${where}` : "Cut short";
    default: return "";
  }
}

/** A sentence with its full stop: the node's own words come without.
 * @param {string} text */
export const sentence = (text) => (text === "" || /[.!?…]$/.test(text) ? text : `${text}.`);

/** A file name that sorts by time and survives every file system.
 * @param {string} name
 * @param {number} ms
 * @param {string} extension */
export function fileName(name, ms, extension) {
  const safe = name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 60) || "camera";
  const date = new Date(Number.isFinite(ms) ? ms : 0);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const stamp = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}_${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}`;
  return `${safe}_${stamp}.${extension}`;
}

/** The viewer's zone, for the one place per page that names it. */
export const zoneName = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
