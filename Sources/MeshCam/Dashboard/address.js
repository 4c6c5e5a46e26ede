// @ts-check
// Where another node's page is, seen from this browser.

/** @import { MeshNode } from "./types.js" */

/** @param {string} hostname */
const isLoopback = (hostname) => hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);

/**
 * Nodes on one machine have the same addresses. Some of them in common is not enough: every machine with containers has 172.17.0.1.
 * @param {MeshNode} a
 * @param {MeshNode} b
 */
function onOneMachine(a, b) {
  const [one, other] = [new Set(a.addresses), new Set(b.addresses)];
  return one.size > 0 && one.size === other.size && [...one].every((address) => other.has(address));
}

/**
 * The address of a node's page; "" where none is known. A browser that looks at `localhost` trusts that name's certificate and keeps
 * its session there, so it stays at `localhost` for nodes of the same machine. A node's plain HTTP is open to its own machine only.
 * @param {MeshNode} node
 * @param {MeshNode | undefined} serving  the node that serves this page
 * @param {{ protocol: string, hostname: string }} page
 */
export function addressOf(node, serving, page) {
  if (!/^https?:\/\//.test(node.url ?? "")) return "";
  const url = new URL(/** @type {string} */ (node.url));
  if (serving && isLoopback(page.hostname) && onOneMachine(node, serving)) {
    if (page.protocol === "http:" && node.httpUrl) return `${page.protocol}//${page.hostname}:${new URL(node.httpUrl).port || "80"}`;
    url.hostname = page.hostname;
  }
  return url.origin;
}
