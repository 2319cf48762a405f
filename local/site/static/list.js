import { el } from "./dom.js";
import { Pages } from "./pages.js";

const SPARE = 8; // rows drawn beyond each edge of what is seen
const NEW = 1600; // ms for which a row counts as new
const PAUSE = 60; // ms without scrolling before logs are asked for
const AGAIN = 2000; // ms after which logs that did not come are asked for again
const TALLEST = 15_000_000; // px: browsers draw no element that is much taller

/**
 * A virtual list, newest first. Only visible rows are in the document, and only the logs near them in memory.
 * A log is identified by its rank: the oldest has 0, and a rank does not change when new logs arrive.
 */
export class LogList {
  #pages = new Pages();
  #total = 0;
  #rows = new Map(); // rank → element
  #spacer = el("div", { className: "spacer" });
  #arrivals = new WeakMap(); // log → when it came, for those that came live
  #queued = false;
  #rowHeight = 0;
  #timer = 0;
  #awaited = false; // whether the selected log is still to come
  selected = null; // a rank

  /** @param on {draw(log) → element, select(log or null), load(rank, count) → Promise of logs, newest first} */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    root.append(this.#spacer);
    root.addEventListener("scroll", () => this.refresh(), { passive: true });
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.refresh()).observe(root);
  }

  get total() {
    return this.#total;
  }

  /** How many of all there is room for: the newest. */
  get shown() {
    return this.#rowHeight ? Math.min(this.#total, Math.floor(TALLEST / this.#rowHeight)) : this.#total;
  }

  get atTop() {
    return this.root.scrollTop < 2;
  }

  /** Starts anew with so many logs, of which `logs` are the newest. */
  replace(total, logs) {
    this.selected = null; // what has been told of it may still be read
    this.#awaited = false;
    this.root.removeAttribute("aria-activedescendant");
    this.#pages.clear();
    this.#total = total;
    this.#pages.put(total - logs.length, logs);
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.root.scrollTop = 0;
    this.refresh();
  }

  /** Puts newer logs before the rest; what is being read stays where it is. */
  add(logs) {
    this.#pages.put(this.#total, logs);
    for (const log of logs) this.#arrivals.set(log, performance.now());
    this.grow(this.#total + logs.length);
  }

  /** There are so many logs now; those that are not here are asked for when they are in sight. */
  grow(total) {
    const more = total - this.#total;
    const reading = !this.atTop;
    this.#total = total;
    this.#measure();
    if (reading) this.root.scrollTop += more * this.#rowHeight;
    this.refresh();
  }

  toTop() {
    this.root.scrollTop = 0;
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

  /** Calls `update(row, log)` for each log in the document. */
  each(update) {
    for (const row of this.#rows.values()) if (row.log) update(row, row.log);
  }

  #measure() {
    this.#rowHeight = parseFloat(getComputedStyle(this.root).getPropertyValue("--row"));
    this.#spacer.style.height = `${this.shown * this.#rowHeight}px`;
  }

  #draw() {
    this.#measure();
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.#rowHeight) - SPARE);
    const last = Math.min(this.shown, first + Math.ceil(this.root.clientHeight / this.#rowHeight) + 2 * SPARE);
    const [least, most] = [this.#total - last, this.#total - 1 - first]; // ranks
    this.#keepOnly(least, most);
    let next = this.#spacer.firstChild;
    for (let rank = most; rank >= least; rank -= 1) {
      const before = this.#rows.get(rank);
      const row = this.#row(rank);
      if (before && before !== row) {
        if (before === next) next = next.nextSibling;
        before.remove();
      }
      // In the document as on the screen: that is the order in which a screen reader meets them.
      if (row === next) next = next.nextSibling;
      else this.#spacer.insertBefore(row, next);
      this.#place(row, rank);
    }
    this.#pages.keepAround(least, most);
    if (this.#awaited && this.#pages.get(this.selected)) this.#tell();
    if (this.#pages.missing(least, most).length) this.#fetchSoon(least, most);
  }

  #keepOnly(least, most) {
    for (const [rank, row] of this.#rows) {
      if (rank >= least && rank <= most) continue;
      row.remove();
      this.#rows.delete(rank);
    }
  }

  /** The row of a rank, made if need be, and another once its log has come. */
  #row(rank) {
    const log = this.#pages.get(rank);
    const there = this.#rows.get(rank);
    if (there && (!log || there.log === log)) return there;
    const row = log ? this.on.draw(log) : el("div", { className: "row pending" }, el("span", {}, "…"));
    row.log = log;
    row.id = `row-${rank}`;
    row.setAttribute("role", "option");
    if (log) row.classList.toggle("new", performance.now() - this.#arrivals.get(log) < NEW);
    this.#rows.set(rank, row);
    return row;
  }

  #place(row, rank) {
    const index = this.#total - 1 - rank;
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
    row.dataset.index = index;
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-setsize", this.#total);
    row.setAttribute("aria-selected", rank === this.selected);
  }

  #fetchSoon(least, most) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(least, most), PAUSE);
  }

  #fetch(least, most) {
    for (const { rank, count } of this.#pages.missing(least, most)) {
      const done = this.#pages.awaiting(rank);
      this.on.load(rank, count).then((logs) => {
        done();
        if (!logs) return void setTimeout(() => this.refresh(), AGAIN);
        this.#pages.put(rank, logs);
        this.refresh();
      });
    }
  }

  /** Selects the log of a rank, or none. */
  select(rank) {
    this.selected = rank;
    if (rank !== null) this.root.setAttribute("aria-activedescendant", `row-${rank}`);
    else this.root.removeAttribute("aria-activedescendant");
    this.#tell();
    this.refresh();
  }

  #tell() {
    const log = this.selected === null ? null : this.#pages.get(this.selected);
    this.#awaited = log === undefined;
    if (!this.#awaited) this.on.select(log);
  }

  #clicked(event) {
    const row = event.target.closest("[role=option]");
    if (!row) return;
    const rank = this.#total - 1 - Number(row.dataset.index);
    this.select(rank === this.selected ? null : rank);
  }

  #pressed(event) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || !this.#total) return;
    event.preventDefault();
    const current = this.selected === null ? -1 : this.#total - 1 - this.selected;
    const index = Math.min(this.shown - 1, Math.max(0, current + steps[event.key]));
    this.#reveal(index);
    this.select(this.#total - 1 - index);
  }

  #reveal(index) {
    const top = index * this.#rowHeight;
    const bottom = top + this.#rowHeight - this.root.clientHeight;
    if (this.root.scrollTop > top) this.root.scrollTop = top;
    if (this.root.scrollTop < bottom) this.root.scrollTop = bottom;
  }
}
