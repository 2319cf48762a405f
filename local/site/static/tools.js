import { byId, el } from "./dom.js";
import { number } from "./format.js";

const TYPING_PAUSE = 200; // ms
const CUSTOM = "custom";
const HOUR = 3600; // seconds

/** The controls: Logstore, text, time and pause. */
export class Tools {
  #tabs = new Map(); // Logstore ("" for all) → the count's element
  #timer = 0;
  paused = false;

  /** @param on {select(), pause()}; the selection has been changed by then */
  constructor(selection, on) {
    this.selection = selection;
    this.on = on;
    byId("contains").value = selection.contains;
    byId("contains").addEventListener("input", () => this.#typed());
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("pause").addEventListener("click", () => this.#pause(!this.paused));
    this.#showTime();
    byId("time").addEventListener("change", () => this.#timeChosen());
    for (const id of ["from", "to"]) byId(id).addEventListener("change", () => this.#between());
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  resume() {
    this.#pause(false);
  }

  /** Takes everything away but the Logstore. */
  clear() {
    byId("contains").value = "";
    this.selection.fields.clear();
    this.selection.time = { minutes: "", from: "", to: "" };
    this.#showTime();
    this.on.select();
  }

  /** `apart` is a Logstore that is not among all of them, and whose logs are not counted with them. */
  showCounts(logstores, counts, apart) {
    const total = Object.entries(counts).reduce((sum, [name, count]) => sum + (name === apart ? 0 : count), 0);
    this.#tab("", "All").textContent = number(total);
    for (const name of logstores) this.#tab(name, name).textContent = number(counts[name] ?? 0);
    if (apart) this.#tab(apart, apart, "apart").textContent = number(counts[apart] ?? 0);
  }

  #tab(name, label, className = "") {
    if (!this.#tabs.has(name)) {
      const radio = el("input", { type: "radio", name: "logstore", value: name, checked: name === this.selection.logstore });
      const count = el("span", { className: "count" });
      radio.addEventListener("change", () => this.#change("logstore", name));
      byId("logstores").append(el("label", { className }, radio, el("span", { className: "name" }, label, " ", count)));
      this.#tabs.set(name, count);
    }
    return this.#tabs.get(name);
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.on.select(), TYPING_PAUSE);
  }

  /** Takes the text that has been typed up to now. */
  read() {
    clearTimeout(this.#timer);
    this.selection.contains = byId("contains").value;
  }

  #change(name, value) {
    this.selection[name] = value;
    this.on.select();
  }

  #showTime() {
    const { minutes, from, to } = this.selection.time;
    const wanted = from || to ? CUSTOM : minutes;
    if (![...byId("time").options].some(({ value }) => value === wanted)) return this.#forgetTime();
    byId("time").value = wanted;
    byId("between").hidden = byId("time").value !== CUSTOM;
    byId("from").value = local(from);
    byId("to").value = local(to);
  }

  /** A time in the page's address that there is no choice for. */
  #forgetTime() {
    this.selection.time = { minutes: "", from: "", to: "" };
    this.selection.anchor();
    this.#showTime();
  }

  #timeChosen() {
    const value = byId("time").value;
    const now = Math.floor(Date.now() / 1000);
    const between = { minutes: "", from: String(now - HOUR), to: String(now) };
    this.selection.time = value === CUSTOM ? between : { minutes: value, from: "", to: "" };
    this.#showTime();
    this.on.select();
  }

  #between() {
    const [from, to] = ["from", "to"].map((id) => seconds(byId(id).value));
    byId("to").setCustomValidity(from && to && Number(to) <= Number(from) ? "This is to be after the start." : "");
    if (!byId("to").reportValidity()) return;
    this.#change("time", { minutes: "", from, to });
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

/** Seconds since the epoch as a datetime-local has it, in the browser's own zone; and back. */
function local(text) {
  if (!text) return "";
  const date = new Date(Number(text) * 1000);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function seconds(text) {
  const time = new Date(text).getTime();
  return Number.isNaN(time) ? "" : String(Math.max(0, Math.floor(time / 1000)));
}
