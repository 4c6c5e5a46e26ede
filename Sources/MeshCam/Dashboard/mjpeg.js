// @ts-check
// multipart/x-mixed-replace, the way cameras have sent moving JPEGs since 1995: read by hand, because an <img> that is fed
// such a stream can neither say that it stalled nor be relied on to close its connection.

const largestPart = 8 * 1024 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** The boundary of a Content-Type, or null where it is no multipart stream.
 * @param {string | null} contentType */
export function boundaryOf(contentType) {
  const match = /^multipart\/[^;]+;.*?\bboundary=("?)([^";\s]+)\1/i.exec(contentType ?? "");
  return match ? match[2].replace(/^--/, "") : null;
}

/** Cuts a byte stream into JPEG parts, by Content-Length where a part has one, else at the next boundary. */
export class MultipartParser {
  #buffer = new Uint8Array(0);
  #delimiter;

  /** @param {string} boundary */
  constructor(boundary) {
    this.#delimiter = encoder.encode(`--${boundary}`);
  }

  /**
   * @param {Uint8Array} chunk
   * @returns {Uint8Array<ArrayBuffer>[]} the parts this chunk completed, oldest first
   */
  push(chunk) {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
    if (joined.length > largestPart) throw new RangeError("The picture stream sent a picture of more than 8 MB.");
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const parts = [];
    for (;;) {
      const part = this.#next();
      if (!part) return parts;
      parts.push(part);
    }
  }

  #next() {
    const start = indexOf(this.#buffer, this.#delimiter, 0);
    if (start < 0) return null;
    const headerEnd = indexOf(this.#buffer, headerBreak, start);
    if (headerEnd < 0) return null;
    const bodyStart = headerEnd + headerBreak.length;
    const header = decoder.decode(this.#buffer.subarray(start, headerEnd));
    const length = /^content-length:\s*(\d{1,9})\s*$/im.exec(header);
    const bodyEnd = length ? bodyStart + Number(length[1]) : this.#endByBoundary(bodyStart);
    if (bodyEnd < 0 || bodyEnd > this.#buffer.length) return null;
    const body = this.#buffer.slice(bodyStart, bodyEnd);
    this.#buffer = this.#buffer.slice(bodyEnd);
    return body;
  }

  /** @param {number} from */
  #endByBoundary(from) {
    const next = indexOf(this.#buffer, this.#delimiter, from);
    return next < 0 ? -1 : Math.max(from, next - 2);
  }
}

const headerBreak = encoder.encode("\r\n\r\n");

/**
 * @param {Uint8Array} bytes
 * @param {Uint8Array} pattern
 * @param {number} from
 */
function indexOf(bytes, pattern, from) {
  for (let i = bytes.indexOf(pattern[0], from); i >= 0; i = bytes.indexOf(pattern[0], i + 1)) {
    if (i + pattern.length > bytes.length) return -1;
    let same = 1;
    while (same < pattern.length && bytes[i + same] === pattern[same]) same += 1;
    if (same === pattern.length) return i;
  }
  return -1;
}
