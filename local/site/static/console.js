import { Charts } from "./charts.js";
import { Detail } from "./detail.js";
import { byId, el } from "./dom.js";
import { Facets } from "./facets.js";
import { Feed } from "./feed.js";
import { logs, number } from "./format.js";
import { LogList } from "./list.js";
import { Outage } from "./outage.js";
import { PAGE } from "./pages.js";
import { Pulse } from "./pulse.js";
import { drawRow, hue, updateAge } from "./row.js";
import { Selection } from "./selection.js";
import { Tools } from "./tools.js";

const HELD = 2_000; // logs kept back while paused; more are asked for again instead
const BETWEEN = 1000; // ms between two looks at the counts
const AGED = 60_000; // ms after which "the last 15 minutes" begin later

/** The console: what is selected, what of it is shown, and what has come since. */
class Console {
  #held = [];
  #gap = false;
  #generation = 0;
  #arrivals = {}; // how many logs have come, by Logstore
  #pause = 0; // the timer until the counts may be asked for again
  #stale = false; // whether they have changed since

  constructor() {
    this.selection = new Selection();
    this.tools = new Tools(this.selection, { select: () => this.#select(), pause: () => this.#release() });
    this.charts = new Charts(this.selection, () => this.tools.paused);
    this.charts.on = () => this.#keepAddress();
    this.facets = new Facets(this.selection, {
      toggle: (name, value) => this.#narrow(() => this.selection.toggle(name, value)),
      clear: () => this.tools.clear(),
      refresh: () => this.#count(),
    });
    this.detail = new Detail(byId("detail"), {
      close: () => this.list.select(null),
      only: (name, value) => this.#narrow(() => this.selection.only(name, value)),
    });
    this.list = new LogList(byId("list"), {
      draw: (log) => drawRow(log, this.selection.contains),
      select: (log) => this.detail.show(log, this.selection.contains),
      load: (rank, count) => this.#page(rank, count),
    });
    this.pulse = new Pulse(byId("pulse"));
    this.outage = new Outage();
    this.feed = new Feed({
      logs: (batch) => this.#arrived(batch),
      counts: (counts) => this.#come(counts),
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
    document.addEventListener("visibilitychange", () => !this.#pause && this.#counted());
    setInterval(() => this.list.each(updateAge), 1000);
    setInterval(() => this.#letGo(), AGED);
  }

  async start() {
    const config = await (await fetch("/config.json")).json();
    byId("project").textContent = config.project;
    this.configured = config.logstores;
    this.configured.forEach(hue);
    this.apart = this.charts.apart = config.functionLogstore ?? "";
    if (new URLSearchParams(location.search).get("view") === "charts") this.#view("charts");
    this.tools.showCounts(this.configured, {}, this.apart);
    const [counts, arrivals] = await Promise.all(["/api/counts", "/api/pulse"].map(async (url) => (await fetch(url)).json()));
    this.pulse.start(arrivals);
    this.#come(counts);
    await this.#load();
  }

  /** Which Logstore a log is in says nothing where all are in one. */
  #showLogstores() {
    const several = Object.keys(this.#arrivals).length > 1 && !this.selection.logstore;
    document.body.classList.toggle("one-logstore", !several);
  }

  #view(name) {
    for (const radio of document.getElementsByName("view")) radio.checked = radio.value === name;
    document.body.dataset.view = name;
    this.charts.show(name === "charts");
    if (!this.#pause) this.#counted();
    this.#keepAddress();
  }

  #narrow(change) {
    change();
    this.#select();
  }

  #select() {
    this.tools.read();
    this.#keepAddress();
    this.#showLogstores();
    this.facets.showChosen();
    this.facets.expect();
    this.charts.refresh();
    return this.#load();
  }

  /** Has the page's address lead back to what is selected. */
  #keepAddress() {
    const query = this.selection.address(this.charts.address);
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  }

  /** Loads the newest of what is selected, and follows it from there. */
  async #load() {
    const generation = (this.#generation += 1);
    this.selection.anchor();
    byId("list").setAttribute("aria-busy", "true");
    const page = await this.feed.page(this.selection, PAGE).catch(() => ({ logs: [], total: 0, newest: 0 }));
    if (generation !== this.#generation) return; // something else was selected meanwhile
    byId("list").removeAttribute("aria-busy");
    this.#held = [];
    this.#gap = false;
    this.#fresh(0);
    this.list.replace(page.total, page.logs);
    this.#summarise();
    this.feed.follow(this.selection, page.newest);
    this.#count();
  }

  /** Lets go what is too old by now, where nobody is reading it. */
  #letGo() {
    const reading = !this.list.atTop || !byId("detail").hidden || this.tools.paused;
    if (this.selection.time.minutes && !reading) void this.#load();
  }

  /** Part of the list; null where it does not come, or is not wanted any more. */
  async #page(rank, count) {
    const generation = this.#generation;
    const page = await this.feed.page(this.selection, count, rank).catch(() => null);
    return page && generation === this.#generation ? page.logs : null;
  }

  /** Asks for the counts at once: something else is asked for. */
  #count() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#counted(), BETWEEN);
    this.#stale = false;
    return this.#showCounts(this.#generation);
  }

  /** Asks for the counts where something has come, but not more often than it can be read. */
  #counted() {
    this.#pause = 0;
    const seen = !document.hidden && !this.charts.shown && !this.tools.paused;
    if (this.#stale && seen) void this.#count();
  }

  async #showCounts(generation) {
    const found = await this.feed.facets(this.selection, this.facets.opened).catch(() => null);
    if (!found || generation !== this.#generation) return;
    const { logstores, fields } = found;
    this.tools.showCounts(new Set([...this.configured, ...Object.keys(this.#arrivals)]), logstores, this.apart);
    this.facets.show(fields);
  }

  #arrived({ logs: batch, gap }) {
    if (gap && !this.tools.paused) return void this.#catchUp();
    if (!this.tools.paused) return this.#insert(batch);
    this.#held.unshift(...batch);
    this.#gap ||= gap || this.#held.length > HELD;
    if (this.#gap) this.#held.length = 0;
    this.#fresh(this.#gap ? Infinity : this.#held.length);
  }

  #insert(batch) {
    const reading = !this.list.atTop;
    this.list.add(batch);
    if (reading) this.#fresh(this.freshCount + batch.length);
    this.#summarise();
  }

  /** More has come at once than the stream tells: the list grows by as much, and what is in sight is loaded. */
  async #catchUp() {
    const generation = this.#generation;
    this.feed.stop(); // what it would bring meanwhile is in the total already
    const page = await this.feed.page(this.selection, 1).catch(() => null);
    if (generation !== this.#generation) return;
    if (!page) return void this.#load();
    const more = Math.max(0, page.total - this.list.total);
    if (!this.list.atTop) this.#fresh(this.freshCount + more);
    this.list.grow(this.list.total + more);
    this.feed.follow(this.selection, page.newest);
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
    if (!this.#pause) this.#counted();
    const [held, gap] = [this.#held, this.#gap];
    this.#held = [];
    this.#gap = false;
    this.#fresh(0);
    if (gap) return void this.#catchUp();
    if (held.length) this.#insert(held);
  }

  /** Something has come, in any Logstore. */
  #come(counts) {
    this.#arrivals = counts;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.pulse.update(total);
    this.#showLogstores();
    document.title = `(${number(total)}) Console`;
    this.#stale = true;
    if (this.#generation && !this.#pause) this.#counted();
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
    const { total, shown } = this.list;
    const left = total > shown ? `; the newest ${number(shown)} are in the list` : "";
    byId("loaded").textContent = `${logs(total)}${this.selection.narrowed ? " match" : ""}${left}`;
    byId("empty").hidden = total > 0;
    if (total) return;
    const nothing = this.selection.narrowed ? "Nothing here matches." : "Nothing has arrived yet.";
    byId("empty").replaceChildren(el("p", { className: "big" }, nothing), ...this.#advice());
  }

  #advice() {
    if (!this.selection.narrowed) {
      return [el("p", {}, "Press a button on the ", el("a", { href: "/" }, "sample page"), ": its log shows up here by itself.")];
    }
    const clear = el("button", { type: "button" }, "Show everything");
    clear.addEventListener("click", () => this.tools.clear());
    const where = this.selection.contains ? [el("p", {}, "Text is looked for in the names and values of fields and tags.")] : [];
    return [...where, clear];
  }
}

void new Console().start();
