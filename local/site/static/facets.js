import { arrange, byId, el } from "./dom.js";
import { number } from "./format.js";

const OPEN = 4; // fields that are open at first
const TAG = "__tag__:";

/** The fields and their values, with how many logs each has: to narrow the list by. */
export class Facets {
  #fields = new Map(); // name → {element, values: Map of value → element, …}
  #folded = new Map(); // name → whether somebody has opened or closed it
  #anew = true; // whether what is shown next answers another question
  opened = new Set(); // the names of which all values are asked for

  /** @param on {toggle(name, value), clear(), refresh()} */
  constructor(selection, on) {
    this.selection = selection;
    this.on = on;
    this.panel = byId("facets");
    this.opener = byId("open-facets");
    this.opener.addEventListener("click", () => this.#open(!this.panel.classList.contains("open")));
    byId("close-facets").addEventListener("click", () => this.#open(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#close(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.panel.contains(target) && !this.opener.contains(target) && !byId("chosen").contains(target)) this.panel.classList.contains("open") && this.#open(false);
    });
  }

  get #busy() {
    return this.panel.matches(":hover, :focus-within");
  }

  /** Something else is asked for: the first fields of the answer are to be open. */
  expect() {
    this.#anew = true;
  }

  /** Shows the fields of /api/facets. */
  show(fields) {
    const all = this.#withChosen(fields);
    byId("no-fields").hidden = all.length > 0;
    const names = new Set(all.map((field) => field.name));
    for (const [name, { element }] of this.#fields) {
      if (names.has(name)) continue;
      element.remove();
      this.#fields.delete(name);
    }
    all.forEach((field, at) => this.#showField(field, at));
    // What somebody is about to press does not move away.
    if (!this.#busy) arrange(byId("fields"), all.map((field) => this.#fields.get(field.name).element));
    this.showChosen();
    this.#anew = all.length === 0;
  }

  /** Shows above the list what it is narrowed by. */
  showChosen() {
    const chosen = [...this.selection.chosen()];
    byId("chosen").hidden = chosen.length === 0;
    byId("chosen").replaceChildren(...chosen.map(([name, value]) => this.#chip(name, value)), this.#clearAll());
    this.opener.textContent = chosen.length ? `Filters (${chosen.length})` : "Filters";
  }

  /** Fields of which something is chosen are there even where no log has them. */
  #withChosen(fields) {
    const there = new Set(fields.map((field) => field.name));
    const chosen = [...this.selection.fields.keys()].filter((name) => !there.has(name));
    return [...chosen.map((name) => ({ name, tag: name.startsWith(TAG), logs: 0, distinct: 0, values: [] })), ...fields];
  }

  #showField(field, at) {
    if (!this.#fields.has(field.name)) this.#fields.set(field.name, this.#make(field));
    const { element, values, list, more } = this.#fields.get(field.name);
    if (!element.isConnected) byId("fields").append(element);
    const chosen = this.selection.fields.get(field.name) ?? new Set();
    if (this.#anew) element.open = this.#folded.get(field.name) ?? (at < OPEN || chosen.size > 0);
    const counts = new Map(field.values);
    for (const value of chosen) if (!counts.has(value)) counts.set(value, 0);
    for (const [value, item] of values) {
      if (counts.has(value)) continue;
      item.remove();
      values.delete(value);
    }
    for (const [value, count] of counts) {
      if (!values.has(value)) values.set(value, this.#value(field.name, value));
      const item = values.get(value);
      if (!item.isConnected) list.append(item);
      this.#showCount(item, count, field.logs, chosen.has(value));
    }
    if (!this.#busy) arrange(list, [...counts.keys()].map((value) => values.get(value)));
    const left = field.distinct - field.values.length;
    more.hidden = left <= 0 || this.opened.has(field.name);
    more.textContent = `${number(left)} more`;
  }

  #make({ name, tag }) {
    const [list, more] = [el("div", { className: "values" }), el("button", { type: "button", className: "more" })];
    more.addEventListener("click", () => {
      this.opened.add(name);
      this.on.refresh();
      list.querySelector("input")?.focus();
    });
    const title = el("span", { className: "field-name", title: shownName(name) }, shownName(name));
    const summary = el("summary", {}, title, ...(tag ? [el("small", {}, "tag")] : []));
    const group = el("div", {}, list, more);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", shownName(name));
    const element = el("details", { className: "field" }, summary, group);
    element.dataset.name = name;
    summary.addEventListener("click", () => this.#folded.set(name, !element.open));
    return { element, values: new Map(), list, more };
  }

  #value(name, value) {
    const box = el("input", { type: "checkbox", autocomplete: "off" });
    box.addEventListener("change", () => this.on.toggle(name, value));
    const text = el("span", { className: "value-text", title: value }, value === "" ? el("i", {}, "empty") : short(value));
    const count = el("span", { className: "value-count" }, el("b", {}), el("span", { className: "unseen" }, " logs"));
    return el("label", { className: "value" }, box, text, count);
  }

  #showCount(item, count, most, chosen) {
    item.querySelector("b").textContent = number(count);
    item.querySelector("input").checked = chosen;
    item.style.setProperty("--share", `${most ? (count / most) * 100 : 0}%`);
  }

  #chip(name, value) {
    const text = el("span", {}, el("span", { className: "quiet" }, `${shownName(name)}: `), value === "" ? el("i", {}, "empty") : value);
    const remove = el("button", { type: "button", className: "icon" }, "✕");
    remove.setAttribute("aria-label", `Remove ${shownName(name)}: ${value}`);
    remove.addEventListener("click", () => this.on.toggle(name, value));
    return el("span", { className: "chip-chosen" }, text, remove);
  }

  #clearAll() {
    const button = el("button", { type: "button", className: "plain-button" }, "Clear all");
    button.addEventListener("click", () => this.on.clear());
    return button;
  }

  #open(open) {
    this.panel.classList.toggle("open", open);
    this.opener.setAttribute("aria-expanded", open);
    (open ? byId("close-facets") : this.opener).focus();
  }

  #close(event) {
    if (!this.panel.classList.contains("open")) return;
    event.stopImmediatePropagation(); // the log that is open stays so
    this.#open(false);
  }
}

/** An address without the part that all have: there is little room. */
function short(value) {
  return value.replace(/^https?:\/\/(?=.)/, "");
}

function shownName(name) {
  if (name === "__topic__") return "topic";
  return (name.startsWith(TAG) ? name.slice(TAG.length) : name) || "(empty name)";
}
