// @ts-check
// One drawing style: 24 units, round strokes, no fill. The name says what it means, not what it looks like.

/** @type {Record<string, string>} */
const drawings = {
  live: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  incidents: "M12 8v4.5l3 2M3.5 12a8.5 8.5 0 1 0 2.6-6.1M3.5 4.5V8H7",
  cameras: "M3.5 7.5h11a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-11zM16 11l4.5-2.5v7L16 13z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  snapshot: "M4 8h3l1.5-2.5h7L17 8h3v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  record: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2z",
  expand: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  play: "M7.5 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  "frame-back": "M15.5 6 9 12l6.5 6M6 6v12",
  "frame-forward": "M8.5 6l6.5 6-6.5 6M18 6v12",
  back: "M11.5 6 5 12l6.5 6M19 6l-6.5 6 6.5 6",
  forward: "M12.5 6 19 12l-6.5 6M5 6l6.5 6L5 18",
  previous: "M14.5 5.5 8 12l6.5 6.5",
  next: "M9.5 5.5 16 12l-6.5 6.5",
  download: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  attention: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1",
  plus: "M12 5v14M5 12h14",
  key: "M8 16.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 12.5h8.5M17 12.5v3.5M20.5 12.5V15",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  offline: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM6.5 6.5l11 11",
  motion: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 13.2a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4z",
  sound: "M5 10v4M9 7v10M13 4.5v15M17 8v8M21 10.5v3",
  manual: "M9 11V5.5a1.5 1.5 0 0 1 3 0V11M12 10.5V9a1.5 1.5 0 0 1 3 0v2.5M15 11a1.5 1.5 0 0 1 3 0v3.5a6 6 0 0 1-6 6c-3 0-4.2-1.6-5.5-4L5 13.8c-.9-1.7 1-2.9 2.2-1.6L9 14",
  node: "M5 5h14v6H5zM5 13h14v6H5zM8 8v.1M8 16v.1",
  storage: "M4 6.5C4 5 7.6 4 12 4s8 1 8 2.5S16.4 9 12 9 4 8 4 6.5zM4 6.5v11C4 19 7.6 20 12 20s8-1 8-2.5v-11M4 12c0 1.5 3.6 2.5 8 2.5s8-1 8-2.5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  "sign-out": "M14 4.5H5v15h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5",
  help: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM9.7 9.5c.2-1.3 1.2-2 2.4-2 1.3 0 2.4.8 2.4 2.1 0 1.9-2.4 2-2.4 3.9M12.1 16.5v.1",
  dark: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  system: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  speed: "M4 17a8.5 8.5 0 1 1 16 0M12 15l4-5",
  angles: "M4 4h10v7H4zM10 13h10v7H10z",
  night: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
};

const svgSpace = "http://www.w3.org/2000/svg";

/**
 * A decorative drawing; the word beside it carries the meaning.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(svgSpace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.icon = name;
  const path = document.createElementNS(svgSpace, "path");
  path.setAttribute("d", drawings[name] ?? drawings.attention);
  svg.append(path);
  return svg;
}

/** The product's mark: three nodes, one eye. */
export function brandMark() {
  const svg = document.createElementNS(svgSpace, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", "brand-mark");
  svg.setAttribute("aria-hidden", "true");
  const edge = document.createElementNS(svgSpace, "path");
  edge.setAttribute("d", "M16 7 25.5 23.5h-19z");
  edge.setAttribute("class", "edge");
  svg.append(edge);
  for (const [x, y, r, kind] of /** @type {const} */ ([[16, 6.5, 3, "peer"], [26, 24, 3, "peer"], [6, 24, 3, "peer"], [16, 18, 2.8, "eye"]])) {
    const dot = document.createElementNS(svgSpace, "circle");
    dot.setAttribute("cx", String(x));
    dot.setAttribute("cy", String(y));
    dot.setAttribute("r", String(r));
    dot.setAttribute("class", kind);
    svg.append(dot);
  }
  return svg;
}
