import { el } from "./dom.js";

const SPARE = 8; // rows drawn beyond each edge of what is seen
const NEW = 1600; // ms for which a row counts as new
const NEAR_END = 60; // rows before the end at which older ones are asked for

/** A list of any length, newest first, of which only the rows in sight are in the document. */
export class LogList {
  #logs = [];
  #rows = new Map(); // log id → element
  #spacer = el("div", { className: "spacer" });
  #arrivals = new WeakMap(); // log → when it came, for those that came live
  #queued = false;
  #rowHeight = 0;
  selected = null;

  /** @param on {draw(log) → element, select(log), nearEnd()} */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    root.append(this.#spacer);
    root.addEventListener("scroll", () => this.refresh(), { passive: true });
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.refresh()).observe(root);
  }

  get length() {
    return this.#logs.length;
  }

  get newest() {
    return this.#logs[0];
  }

  get oldest() {
    return this.#logs.at(-1);
  }

  get atTop() {
    return this.root.scrollTop < 2;
  }

  replace(logs) {
    this.#logs = logs;
    this.redraw();
    this.toTop();
  }

  append(logs) {
    this.#logs.push(...logs);
    this.#measure();
    this.refresh();
  }

  /** Puts newer logs before the rest; what is being read stays where it is. */
  prepend(logs, most) {
    const reading = !this.atTop;
    this.#logs.unshift(...logs);
    for (const log of logs) this.#arrivals.set(log, performance.now());
    if (!reading) this.#logs.length = Math.min(this.#logs.length, most);
    this.#measure();
    if (reading) this.root.scrollTop += logs.length * this.#rowHeight;
    this.refresh();
  }

  toTop() {
    this.root.scrollTop = 0;
  }

  /** Draws every row in sight afresh. */
  redraw() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.refresh();
  }

  /** Brings the document up to date, once, before the next frame. */
  refresh() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#draw();
    });
  }

  /** Calls `update(row, log)` for each row in the document. */
  each(update) {
    for (const log of this.#inSight()) {
      const row = this.#rows.get(log.id);
      if (row) update(row, log);
    }
  }

  #measure() {
    const height = parseFloat(getComputedStyle(this.root).getPropertyValue("--row"));
    if (height !== this.#rowHeight) this.#rowHeight = height;
    this.#spacer.style.height = `${this.#logs.length * height}px`;
  }

  #range() {
    const first = Math.floor(this.root.scrollTop / this.#rowHeight) - SPARE;
    const count = Math.ceil(this.root.clientHeight / this.#rowHeight) + 2 * SPARE;
    return [Math.max(0, first), Math.min(this.#logs.length, first + count)];
  }

  #inSight() {
    return this.#rowHeight ? this.#logs.slice(...this.#range()) : [];
  }

  #draw() {
    this.#measure();
    const [first, last] = this.#range();
    const wanted = this.#logs.slice(first, last);
    this.#keepOnly(new Set(wanted.map((log) => log.id)));
    let next = this.#spacer.firstChild;
    wanted.forEach((log, offset) => {
      const row = this.#rows.get(log.id) ?? this.#make(log);
      // In the document as on the screen: that is the order in which a screen reader meets them.
      if (row === next) next = next.nextSibling;
      else this.#spacer.insertBefore(row, next);
      this.#place(row, first + offset, log);
    });
    if (last > this.#logs.length - NEAR_END) this.on.nearEnd();
  }

  #keepOnly(ids) {
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  #make(log) {
    const row = this.on.draw(log);
    row.id = `log-${log.id}`;
    row.setAttribute("role", "option");
    row.classList.toggle("new", performance.now() - this.#arrivals.get(log) < NEW);
    this.#rows.set(log.id, row);
    return row;
  }

  #place(row, index, log) {
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
    row.dataset.index = index;
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-setsize", this.#logs.length);
    row.setAttribute("aria-selected", log.id === this.selected?.id);
  }

  select(log) {
    this.selected = log;
    if (log) this.root.setAttribute("aria-activedescendant", `log-${log.id}`);
    else this.root.removeAttribute("aria-activedescendant");
    this.refresh();
    this.on.select(log);
  }

  #clicked(event) {
    const row = event.target.closest("[role=option]");
    if (!row) return;
    const log = this.#logs[Number(row.dataset.index)];
    this.select(log.id === this.selected?.id ? null : log);
  }

  #pressed(event) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || !this.#logs.length) return;
    event.preventDefault();
    const current = this.selected ? this.#logs.findIndex((log) => log.id === this.selected.id) : -1;
    const next = Math.min(this.#logs.length - 1, Math.max(0, current + steps[event.key]));
    this.#reveal(next);
    this.select(this.#logs[next]);
  }

  #reveal(index) {
    const top = index * this.#rowHeight;
    const bottom = top + this.#rowHeight - this.root.clientHeight;
    if (this.root.scrollTop > top) this.root.scrollTop = top;
    if (this.root.scrollTop < bottom) this.root.scrollTop = bottom;
  }
}
