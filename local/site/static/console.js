import { Charts } from "./charts.js";
import { Detail } from "./detail.js";
import { byId, el } from "./dom.js";
import { Feed } from "./feed.js";
import { logs, number } from "./format.js";
import { LogList } from "./list.js";
import { Outage } from "./outage.js";
import { Pulse } from "./pulse.js";
import { drawRow, updateAge } from "./row.js";
import { Tools } from "./tools.js";

const KEPT = 20_000; // logs, when new ones push the old ones out
const HELD = 2_000; // logs kept back while paused; more are fetched again instead

/** The console: what is selected, what of it is shown, and what has come since. */
class Console {
  #held = [];
  #gap = false;
  #more = false;
  #loading = 0; // the number of the selection being loaded, 0 when none is
  #generation = 0;
  #counts = {};

  constructor() {
    this.tools = new Tools({ select: () => this.#select(), pause: () => this.#release(), address: () => this.charts.address });
    this.charts = new Charts(() => this.tools.selection, () => this.tools.paused);
    this.charts.on = () => this.tools.keepAddress();
    this.detail = new Detail(byId("detail"), {
      close: () => this.list.select(null),
      find: (text) => this.tools.find(text),
    });
    this.list = new LogList(byId("list"), {
      draw: (log) => drawRow(log, this.tools.selection.contains),
      select: (log) => this.detail.show(log, this.tools.selection.contains),
      nearEnd: () => this.#loadOlder(),
    });
    this.pulse = new Pulse(byId("pulse"));
    this.outage = new Outage();
    this.feed = new Feed({
      logs: (batch) => this.#arrived(batch),
      counts: (counts) => this.#counted(counts),
      cloud: (cloud) => {
        this.outage.show(cloud);
        this.#showConnection();
      },
      state: (state) => this.#connection(state),
    });
    byId("fresh").addEventListener("click", () => this.#showFresh());
    byId("list").addEventListener("scroll", () => this.list.atTop && !this.#gap && this.#fresh(0), { passive: true });
    for (const radio of document.getElementsByName("view")) radio.addEventListener("change", () => this.#view(radio.value));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.list.select(null));
    setInterval(() => this.list.each(updateAge), 1000);
  }

  async start() {
    const config = await (await fetch("/config.json")).json();
    byId("project").textContent = config.project;
    this.configured = config.logstores;
    this.apart = config.functionLogstore;
    if (new URLSearchParams(location.search).get("view") === "charts") this.#view("charts");
    const [counts, arrivals] = await Promise.all(["/api/counts", "/api/pulse"].map(async (url) => (await fetch(url)).json()));
    this.pulse.start(arrivals);
    this.#counted(counts);
    await this.#load();
  }

  /** Which Logstore a log is in says nothing where all are in one. */
  #showLogstores() {
    const several = Object.keys(this.#counts).length > 1 && !this.tools.selection.logstore;
    document.body.classList.toggle("one-logstore", !several);
  }

  #view(name) {
    for (const radio of document.getElementsByName("view")) radio.checked = radio.value === name;
    document.body.dataset.view = name;
    this.charts.show(name === "charts");
    this.tools.keepAddress();
  }

  #select() {
    this.#showLogstores();
    this.charts.refresh();
    return this.#load();
  }

  /** Loads the first page of what is selected, and follows it from there. */
  async #load() {
    const generation = (this.#generation += 1);
    this.#loading = generation;
    const page = await this.feed.page(this.tools.selection).catch(() => null);
    if (generation !== this.#generation) return; // something else was selected meanwhile
    this.#loading = 0;
    this.#held = [];
    this.#gap = false;
    this.#fresh(0);
    this.#more = page?.more ?? false;
    this.list.replace(page?.logs ?? []);
    this.#summarise();
    this.feed.follow(this.tools.selection, this.list.newest?.id ?? 0);
  }

  async #loadOlder() {
    if (!this.#more || this.#loading) return;
    const generation = this.#generation;
    this.#loading = generation;
    const page = await this.feed.page(this.tools.selection, this.list.oldest.id, 500).catch(() => null);
    if (generation !== this.#generation) return;
    this.#loading = 0;
    if (!page) return;
    this.#more = page.more;
    this.list.append(page.logs);
    this.#summarise();
  }

  #arrived({ logs: batch, gap }) {
    const back = this.tools.paused || this.#gap || (gap && !this.list.atTop);
    if (gap && !back) return void this.#load();
    if (!back) return this.#insert(batch);
    this.#held.unshift(...batch);
    this.#gap ||= gap || this.#held.length > HELD;
    if (this.#gap) this.#held.length = 0;
    this.#fresh(this.#gap ? Infinity : this.#held.length);
  }

  #insert(batch) {
    const reading = !this.list.atTop;
    this.list.prepend(batch, KEPT);
    this.#more ||= this.list.length >= KEPT;
    if (reading) this.#fresh(this.freshCount + batch.length);
    this.#summarise();
  }

  /** The button over the list: how many logs came that are out of sight. */
  #fresh(count) {
    this.freshCount = count;
    byId("fresh").hidden = count === 0;
    byId("fresh").textContent = count === Infinity ? "Many new logs ↑" : `${number(count)} new ↑`;
  }

  #showFresh() {
    if (this.tools.paused) this.tools.resume();
    else this.#release();
    this.list.toTop();
  }

  /** Shows what was kept back. */
  #release() {
    if (this.tools.paused) return;
    if (this.#gap) return void this.#load();
    const held = this.#held;
    this.#held = [];
    this.#fresh(0);
    if (held.length) this.#insert(held);
  }

  #counted(counts) {
    this.#counts = counts;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.tools.showCounts(new Set([...this.configured, ...Object.keys(counts)]), counts, total, this.apart);
    this.pulse.update(total);
    this.#showLogstores();
    document.title = `(${number(total)}) Console`;
    this.#summarise();
  }

  #connection(state) {
    this.state = state;
    this.#showConnection();
  }

  /** The stream may be well while SLS is not: then there is no green dot beside a red switch. */
  #showConnection() {
    const quiet = this.state === "live" && this.outage.up === false;
    byId("connection").dataset.state = quiet ? "quiet" : this.state;
    byId("connection").textContent = quiet
      ? "connected"
      : { live: "live", connecting: "connecting", lost: "connection lost, trying again" }[this.state];
  }

  #summarise() {
    const { logstore, contains } = this.tools.selection;
    const shown = this.list.length;
    byId("loaded").textContent = `${logs(shown)} loaded${this.#more ? ", older ones as you scroll" : ""}`;
    byId("empty").hidden = shown > 0;
    if (shown) return;
    const nothing = contains || logstore ? "Nothing here matches." : "Nothing has arrived yet.";
    byId("empty").replaceChildren(el("p", { className: "big" }, nothing), ...this.#advice(contains));
  }

  #advice(contains) {
    if (contains) return [el("p", {}, "Text is looked for in the names and values of fields and tags.")];
    return [el("p", {}, "Press a button on the ", el("a", { href: "/" }, "sample page"), ": its log shows up here by itself.")];
  }
}

void new Console().start();
