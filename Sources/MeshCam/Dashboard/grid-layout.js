// @ts-check
// Where pictures go. Pure: sizes in, rectangles out.

/** @typedef {{ x: number, y: number, width: number, height: number }} Rect */

/**
 * Rectangles for `n` pictures of one aspect ratio that fill a box as far as the ratio allows.
 * Tries every number of columns, and for some numbers one large picture with the rest around it; takes what shows the most picture.
 * @param {number} n
 * @param {number} width  px
 * @param {number} height  px
 * @param {{ gap?: number, ratio?: number, large?: number | null, rowOf?: number }} [options]
 *   `large`: index that must be the large one; `rowOf`: fewest places in a row below it
 * @returns {{ rects: Rect[], height: number }} `height`: what the rectangles really take
 */
export function gridLayout(n, width, height, options = {}) {
  const gap = options.gap ?? 8;
  const ratio = options.ratio ?? 16 / 9;
  if (n <= 0 || width <= 0 || height <= 0) return { rects: [], height: 0 };
  const large = options.large ?? null;
  if (large !== null && n > 1) {
    const side = oneAndColumn(n, large, width, height, gap, ratio);
    return larger(oneAndRow(n, large, width, height, gap, ratio, options.rowOf ?? 3), side);
  }
  let best = uniform(n, 1, width, height, gap, ratio);
  for (let columns = 2; columns <= n; columns += 1) best = larger(best, uniform(n, columns, width, height, gap, ratio));
  if (n === 3) best = larger(best, oneAndColumn(3, 0, width, height, gap, ratio));
  if (n === 6) best = larger(best, oneInCorner(width, height, gap, ratio));
  return best;
}

/**
 * One column for a phone: pictures as wide as the box, one below the other.
 * @param {number} n
 * @param {number} width
 * @param {{ gap?: number, ratio?: number }} [options]
 */
export function columnLayout(n, width, options = {}) {
  const gap = options.gap ?? 8;
  const tall = Math.floor(width / (options.ratio ?? 16 / 9));
  const rects = Array.from({ length: Math.max(0, n) }, (_, i) => ({ x: 0, y: i * (tall + gap), width, height: tall }));
  return { rects, height: Math.max(0, n * (tall + gap) - gap) };
}

/**
 * @param {{ rects: Rect[], height: number }} a
 * @param {{ rects: Rect[], height: number }} b
 */
function larger(a, b) {
  return area(b.rects) > area(a.rects) * 1.02 ? b : a;
}

/** @param {Rect[]} rects */
const area = (rects) => rects.reduce((sum, rect) => sum + rect.width * rect.height, 0);

/**
 * @param {number} n
 * @param {number} columns
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 * @param {number} ratio
 */
function uniform(n, columns, width, height, gap, ratio) {
  const rows = Math.ceil(n / columns);
  const w = Math.floor(Math.max(1, Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows) * ratio)));
  const h = Math.floor(w / ratio);
  const left = Math.floor((width - (w * columns + gap * (columns - 1))) / 2);
  const rects = Array.from({ length: n }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? n - row * columns : columns;
    // A last row that is not full stands in the middle.
    const shift = Math.floor(((columns - inRow) * (w + gap)) / 2);
    return { x: left + shift + (i % columns) * (w + gap), y: row * (h + gap), width: w, height: h };
  });
  return { rects, height: rows * (h + gap) - gap };
}

/**
 * The large one left, the others in a column beside it, together as tall as it is.
 * @param {number} n
 * @param {number} large
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 * @param {number} ratio
 */
function oneAndColumn(n, large, width, height, gap, ratio) {
  const side = n - 1;
  const rows = Math.max(2, side);
  // height H; small height s = (H − gap·(rows−1)) / rows; ratio·H + gap + ratio·s = width
  const tall = Math.floor(Math.min(height, (width - gap + (ratio * gap * (rows - 1)) / rows) / (ratio * (1 + 1 / rows))));
  const small = Math.floor((tall - gap * (rows - 1)) / rows);
  const smallWidth = Math.floor(small * ratio);
  const largeWidth = Math.floor(tall * ratio);
  const left = Math.floor((width - (largeWidth + gap + smallWidth)) / 2);
  let place = 0;
  const rects = Array.from({ length: n }, (_, i) => {
    if (i === large) return { x: left, y: 0, width: largeWidth, height: tall };
    const rect = { x: left + largeWidth + gap, y: place * (small + gap), width: smallWidth, height: small };
    place += 1;
    return rect;
  });
  return { rects, height: tall };
}

/**
 * The large one on top, the others in a row below it.
 * @param {number} n
 * @param {number} large
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 * @param {number} ratio
 * @param {number} rowOf
 */
function oneAndRow(n, large, width, height, gap, ratio, rowOf) {
  const side = n - 1;
  const columns = Math.max(rowOf, side);
  const full = Math.min(width, ((height - gap) * ratio) / (1 + 1 / columns));
  const largeWidth = Math.floor(full);
  const largeHeight = Math.floor(full / ratio);
  const w = Math.floor((largeWidth - gap * (columns - 1)) / columns);
  const h = Math.floor(w / ratio);
  const left = Math.floor((width - largeWidth) / 2);
  let place = 0;
  const rects = Array.from({ length: n }, (_, i) => {
    if (i === large) return { x: left, y: 0, width: largeWidth, height: largeHeight };
    const rect = { x: left + place * (w + gap), y: largeHeight + gap, width: w, height: h };
    place += 1;
    return rect;
  });
  return { rects, height: largeHeight + gap + h };
}

/**
 * Six: a large one over 2 × 2 cells of a 3 × 3 grid, five around it.
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 * @param {number} ratio
 */
function oneInCorner(width, height, gap, ratio) {
  const w = Math.floor(Math.min((width - 2 * gap) / 3, ((height - 2 * gap) / 3) * ratio));
  const h = Math.floor(w / ratio);
  const left = Math.floor((width - 3 * w - 2 * gap) / 2);
  const cell = (/** @type {number} */ c, /** @type {number} */ r) => ({ x: left + c * (w + gap), y: r * (h + gap), width: w, height: h });
  const first = { x: left, y: 0, width: 2 * w + gap, height: 2 * h + gap };
  return { rects: [first, cell(2, 0), cell(2, 1), cell(0, 2), cell(1, 2), cell(2, 2)], height: 3 * h + 2 * gap };
}
