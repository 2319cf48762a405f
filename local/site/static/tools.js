import { byId, el } from "./dom.js";
import { number } from "./format.js";

const TYPING_PAUSE = 200; // ms

/** The controls: Logstore, text and pause. The selection is kept in the page's address. */
export class Tools {
  #tabs = new Map(); // Logstore ("" for all) → {radio, count}
  #timer = 0;
  paused = false;

  /** @param on {select(), pause(), address()} */
  constructor(on) {
    this.on = on;
    const query = new URLSearchParams(location.search);
    this.selection = { logstore: query.get("logstore") ?? "", contains: query.get("contains") ?? "" };
    byId("contains").value = this.selection.contains;
    byId("contains").addEventListener("input", () => this.#typed());
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("pause").addEventListener("click", () => this.#pause(!this.paused));
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  find(text) {
    byId("contains").value = text;
    this.#select({ contains: text });
  }

  resume() {
    this.#pause(false);
  }

  /** `apart` is a Logstore that is not among all of them, and whose logs are not counted. */
  showCounts(logstores, counts, total, apart) {
    this.#tab("", "All").textContent = number(total);
    for (const name of logstores) this.#tab(name, name).textContent = number(counts[name] ?? 0);
    if (apart) this.#tab(apart, apart);
  }

  #tab(name, label) {
    if (!this.#tabs.has(name)) {
      const radio = el("input", { type: "radio", name: "logstore", value: name, checked: name === this.selection.logstore });
      const count = el("span", { className: "count" });
      radio.addEventListener("change", () => this.#select({ logstore: name }));
      byId("logstores").append(el("label", {}, radio, el("span", { className: "name" }, label, " ", count)));
      this.#tabs.set(name, count);
    }
    return this.#tabs.get(name);
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#select({ contains: byId("contains").value }), TYPING_PAUSE);
  }

  #select(change) {
    this.selection = { ...this.selection, ...change };
    this.keepAddress();
    this.on.select();
  }

  /** Has the page's address lead back to what is selected. */
  keepAddress() {
    const all = { ...this.selection, ...this.on.address() };
    const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value));
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  }

  #pause(paused) {
    this.paused = paused;
    byId("pause").setAttribute("aria-pressed", paused);
    byId("pause").textContent = paused ? "Resume" : "Pause";
    document.body.classList.toggle("paused", paused);
    this.on.pause();
  }

  #pressed(event) {
    if (event.key === "/" && !event.target.matches("input, textarea")) {
      event.preventDefault();
      byId("contains").focus();
    }
  }
}
