import { byId, el } from "./dom.js";
import { drawChart } from "./chart.js";

const EVERY = 3000; // ms between looks at the store

/** The dashboards: which one, over which time, for which Logstore; looked at again and again while shown. */
export class Charts {
  #generation = 0;
  #timer = 0;
  #figures = new Map(); // query → figure
  shown = false;
  apart = ""; // the Logstore that no chart of pages is about

  /** @param paused returns whether to stand still */
  constructor(selection, paused) {
    this.selection = selection;
    this.paused = paused;
    this.form = byId("chart-tools");
    this.#choose("board", new URLSearchParams(location.search).get("board"));
    this.form.addEventListener("change", () => this.refresh());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
  }

  /** What of it belongs into the page's address. */
  get address() {
    return this.shown ? [["view", "charts"], ["board", this.board]] : [];
  }

  get board() {
    return this.form.elements.board.value;
  }

  show(shown) {
    this.shown = shown;
    byId("charts").hidden = !shown;
    this.refresh();
  }

  /** Asks at once, and from then on every few seconds. */
  async refresh() {
    clearTimeout(this.#timer);
    document.body.dataset.board = this.board;
    if (!this.shown) return;
    const generation = (this.#generation += 1);
    this.on?.();
    if (!document.hidden) await this.#load(generation);
    if (generation === this.#generation) this.#timer = setTimeout(() => this.#again(), EVERY);
  }

  #again() {
    if (!this.paused()) return void this.refresh();
    this.#timer = setTimeout(() => this.#again(), EVERY);
  }

  async #load(generation) {
    const { logstore, time } = this.selection;
    const from = time.minutes ? Math.floor(Date.now() / 1000) - 60 * time.minutes : time.from;
    const query = new URLSearchParams({ dashboard: this.board });
    if (logstore && logstore !== this.apart && this.board === "events") query.set("logstore", logstore);
    for (const [name, value] of [["from", from], ["to", time.to]]) if (value) query.set(name, value);
    if (!this.#figures.size) byId("chart-state").textContent = "Running the queries …";
    const found = await fetchJson(`/api/charts?${query}`);
    if (generation !== this.#generation) return;
    byId("chart-state").textContent = found.error ?? "";
    if (found.charts) await this.#draw(found);
  }

  async #draw({ charts, from, to }) {
    const wanted = new Set(charts.map((chart) => chart.query));
    for (const [name, figure] of this.#figures) {
      if (wanted.has(name)) continue;
      figure.remove();
      this.#figures.delete(name);
    }
    for (const chart of charts) {
      const figure = this.#figures.get(chart.query) ?? el("figure", { className: `chart of-${chart.kind}s` });
      if (!figure.isConnected) byId("grid").append(figure);
      this.#figures.set(chart.query, figure);
      await drawChart(figure, chart, from, to);
    }
  }

  #choose(name, value) {
    for (const radio of this.form.elements[name]) radio.checked = radio.value === value || (radio.defaultChecked && !value);
  }
}

async function fetchJson(url) {
  try {
    return await (await fetch(url)).json();
  } catch {
    return { error: "The charts stand still: the console is not there." };
  }
}
