// @ts-check
// The place in the page lives in the fragment: a node serves files, not places, and any node understands the same fragment.

/** @typedef {{ name: "live" | "incidents" | "incident" | "cameras" | "camera" | "settings", id: string, query: URLSearchParams }} Route */

/**
 * @param {string} hash  with or without its "#"
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [head = "", tail = ""] = path.split("/", 2);
  const id = decode(tail);
  const search = new URLSearchParams(query);
  if (head === "incidents") return { name: id ? "incident" : "incidents", id, query: search };
  if (head === "cameras") return { name: id ? "camera" : "cameras", id, query: search };
  if (head === "settings") return { name: "settings", id: "", query: search };
  return { name: "live", id: "", query: search };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export const currentRoute = () => parseRoute(location.hash);

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}

/** @param {string} id */
export const cameraPlace = (id) => `#/cameras/${encodeURIComponent(id)}`;
/**
 * @param {string} event
 * @param {string} [camera]  the angle to show large
 */
export const incidentPlace = (event, camera) => `#/incidents/${encodeURIComponent(event)}${camera ? `?camera=${encodeURIComponent(camera)}` : ""}`;
