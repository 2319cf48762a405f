import { byId } from "./dom.js";
import { number } from "./format.js";

/** The switch that takes SLS down and up, and what waits in the spool meanwhile. */
export class Outage {
  constructor() {
    for (const radio of this.#radios()) radio.addEventListener("change", () => this.#throw(radio));
  }

  /** Shows {sls: {up} | null, spool: {pending, oldestSeconds, rejected} | null}; null is left out. */
  show({ sls, spool }) {
    byId("outage").hidden = !sls && !spool;
    byId("sls").hidden = !sls;
    byId("spool").hidden = !spool;
    if (sls) this.#showSls(sls.up);
    if (spool) this.#showSpool(spool);
  }

  #showSls(up) {
    for (const radio of this.#radios()) radio.checked = (radio.value === "up") === up;
    if (up === this.up) return;
    this.up = up;
    byId("outage").dataset.sls = up ? "up" : "down";
    this.#say(up ? "" : "It answers writes with 503; what it holds can be read.");
  }

  #showSpool({ pending, oldestSeconds, rejected }) {
    const waiting = pending ? `${batches(pending)} ${pending === 1 ? "waits" : "wait"}` : "empty";
    const text = `Spool: ${waiting}${rejected ? `, ${number(rejected)} rejected` : ""}`;
    if (byId("depth").textContent !== text) byId("depth").textContent = text; // said aloud when it changes
    byId("depth").classList.toggle("waiting", pending > 0);
    byId("oldest").textContent = oldestSeconds === null ? "" : `, the oldest for ${duration(oldestSeconds)}`;
  }

  async #throw(radio) {
    const up = radio.value === "up";
    for (const each of this.#radios()) each.disabled = true;
    const done = await ask(up);
    for (const each of this.#radios()) each.disabled = false;
    radio.focus(); // which it lost when it was disabled
    this.#showSls(done ? up : this.up);
    if (!done) this.#say("That did not work: is the console still there?");
  }

  #say(text) {
    byId("sls-note").textContent = text;
  }

  #radios() {
    return document.getElementsByName("sls");
  }
}

/** Resolves to whether SLS has been taken up, or down. */
async function ask(up) {
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/api/sls", { method: "POST", headers, body: JSON.stringify({ up }) });
    return answer.ok;
  } catch {
    return false;
  }
}

function batches(count) {
  return count === 1 ? "1 batch" : `${number(count)} batches`;
}

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
