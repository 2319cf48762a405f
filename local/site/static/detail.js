import { el, marked } from "./dom.js";
import { fullTime, relativeTime } from "./format.js";
import { hue } from "./row.js";

const TOLD = 1500; // ms for which "Copied" is shown
const LONGEST = 500; // characters of a value that the page's address can hold
const TAG = "__tag__:"; // before a tag's name, as SLS has it

/** The pane with one log, laid out. */
export class Detail {
  /** @param on {close(), only(name, value)} */
  constructor(root, on) {
    this.root = root;
    this.on = on;
  }

  show(log, contains) {
    this.root.hidden = !log;
    if (!log) return this.root.replaceChildren();
    this.root.replaceChildren(
      this.#head(log),
      this.#times(log),
      ...(log.line ? this.#part("Line", log.line, contains) : []),
      ...this.#part("Fields", log.fields, contains),
      ...this.#part("Tags", log.tags, contains, TAG),
    );
    this.root.scrollTop = 0;
  }

  #head(log) {
    const chip = el("span", { className: "chip" }, log.logstore);
    chip.dataset.hue = hue(log.logstore);
    const copy = el("button", { type: "button" }, "Copy as JSON");
    copy.addEventListener("click", () => this.#copy(copy, log));
    const close = el("button", { type: "button", className: "icon", ariaLabel: "Close" }, "✕");
    close.addEventListener("click", () => this.on.close());
    return el("div", { className: "detail-head" }, chip, el("span", { className: "grow" }), copy, close);
  }

  #times(log) {
    const facts = { Arrived: `${fullTime(log.time)} (${relativeTime(log.time)})`, Topic: log.topic, Source: log.source };
    if (log.tags.subject) facts.Subject = log.tags.subject; // by the page's ticket; only track writes the tag
    const rows = Object.entries(facts).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value || "–")));
    return el("dl", { className: "facts" }, ...rows);
  }

  #part(title, pairs, contains, prefix = "") {
    const entries = Object.entries(pairs);
    if (!entries.length) return [el("h2", {}, title), el("p", { className: "quiet" }, "none")];
    const rows = entries.map(([name, value]) => this.#pair(name, value, contains, prefix));
    return [el("h2", {}, `${title} `, el("small", {}, entries.length)), el("table", {}, el("tbody", {}, ...rows))];
  }

  #pair(name, value, contains, prefix) {
    const only = el("button", { type: "button", className: "icon only", title: "Only logs with this value" }, "⌕");
    only.setAttribute("aria-label", `Only logs with this ${name}`);
    only.addEventListener("click", () => this.on.only(prefix + name, value));
    const heading = el("th", { scope: "row" }, ...marked(name || "(empty name)", contains));
    const text = value === "" ? [el("i", {}, "empty")] : marked(value, contains);
    return el("tr", {}, heading, el("td", {}, ...text), el("td", { className: "side" }, value.length <= LONGEST ? only : ""));
  }

  async #copy(button, { id, line, ...log }) {
    let told = "Copied";
    try {
      await navigator.clipboard.writeText(JSON.stringify(log, null, 2));
    } catch {
      told = "The browser refused";
    }
    button.textContent = told;
    setTimeout(() => (button.textContent = "Copy as JSON"), TOLD);
  }
}
