// @ts-check
// The few lines of DOM that every component would repeat.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element. `on…` properties become listeners, `class`, `aria-…`, `data-…` and `role` become attributes, the rest properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | string} tag
 * @param {Record<string, unknown>} [props]
 * @param {...(Child | Child[])} children
 * @returns {any} an element of that tag; `any`, because custom elements have properties of their own
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name in element && !name.includes("-") && name !== "class" && name !== "role" && name !== "list") {
      /** @type {any} */ (element)[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...clean(children.flat()));
  return element;
}

/** @param {Child[]} children */
function clean(children) {
  return children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Replaces an element's children.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...clean(children.flat()));
}

/**
 * Sets text only where it differs, so that a screen reader and the layout are left alone.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Keeps one child per item, in the items' order, and moves nothing that is in place already.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} create
 * @param {(element: any, item: T) => void} update
 */
export function reconcile(parent, items, key, create, update) {
  /** @type {Map<string, HTMLElement>} */
  const known = new Map();
  for (const child of [...parent.children]) {
    const id = /** @type {HTMLElement} */ (child).dataset.key;
    if (id !== undefined) known.set(id, /** @type {HTMLElement} */ (child));
  }
  /** @type {Element | null} */
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let element = known.get(id);
    if (element) {
      known.delete(id);
    } else {
      element = create(item);
      element.dataset.key = id;
    }
    if (element === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(element, cursor);
    update(element, item);
  }
  for (const left of known.values()) left.remove();
}

/** A name that a person gave: isolated, so that its writing direction stays its own.
 * @param {string} name */
export const named = (name) => h("bdi", { dir: "auto" }, name);

/** Base of all components: builds once, renders on the store's topics, lets go of everything when it leaves the page. */
export class Component extends HTMLElement {
  #built = false;
  /** @type {(() => void)[]} */
  #releases = [];

  connectedCallback() {
    if (!this.#built) {
      this.#built = true;
      this.build();
    }
    this.enter();
    this.render();
  }

  disconnectedCallback() {
    for (const release of this.#releases.splice(0)) release();
    this.leave();
  }

  /** Called once, before the first render. */
  build() {}
  /** Called whenever the element enters the page. */
  enter() {}
  /** Called whenever the element leaves the page. */
  leave() {}
  /** Makes the element show the store. Called often: it must be cheap when nothing changed. */
  render() {}

  /** @param {() => void} release  called when the element leaves the page */
  whileHere(release) {
    this.#releases.push(release);
  }

  /**
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  listen(target, type, listener) {
    target.addEventListener(type, listener);
    this.whileHere(() => target.removeEventListener(type, listener));
  }
}
