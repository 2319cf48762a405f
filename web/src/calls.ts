import { byId, el } from "./dom";
import { newEventId, type Ledger, type Log } from "./ledger";
import type { Options } from "./config";
import type { Receipt } from "./receipt";
import type { Session } from "./session";
import { SPOOLED, describeAnswer } from "./wire";

interface Call {
  id: string;
  title: string;
  about: string;
  run: (eventId: string) => void;
}

/** The panel: one button for each way to send a log, with the result. */
export class Calls {
  readonly #receipts = new Map<string, HTMLElement>();

  constructor(
    private readonly session: Session,
    private readonly ledger: Ledger,
    private readonly options: Options,
  ) {
    byId("calls").replaceChildren(...this.#calls().map((call) => this.#card(call)));
  }

  #calls(): Call[] {
    const keyless = this.options.mode === "ticket" ? "The ticket is in its address." : "Always anonymous.";
    return [
      {
        id: "send",
        title: "tracker.send",
        about: "One log, queued: it leaves with the next ten, or after ten seconds.",
        run: (eventId) => this.#throughSdk("send", this.#log(eventId)),
      },
      {
        id: "sendImmediate",
        title: "tracker.sendImmediate",
        about: "One log, at once, with whatever is in the queue.",
        run: (eventId) => this.#throughSdk("sendImmediate", this.#log(eventId)),
      },
      {
        id: "sendBatchLogs",
        title: "tracker.sendBatchLogs",
        about: "Three logs, queued.",
        run: (eventId) => this.#throughSdk("sendBatchLogs", this.#batch(eventId)),
      },
      {
        id: "sendBatchLogsImmediate",
        title: "tracker.sendBatchLogsImmediate",
        about: "Three logs, at once.",
        run: (eventId) => this.#throughSdk("sendBatchLogsImmediate", this.#batch(eventId)),
      },
      {
        id: "img",
        title: "<img src=…/track_ua.gif>",
        about: `No script and no key: a picture of one pixel. ${keyless}`,
        run: (eventId) => void this.#pixel(this.#log(eventId)),
      },
      {
        id: "get",
        title: "GET …/track",
        about: `One log in the address, under 16 KB. ${keyless}`,
        run: (eventId) => void this.#get(this.#log(eventId)),
      },
    ];
  }

  #card(call: Call): HTMLElement {
    const button = el("button", { type: "button", id: `call-${call.id}` }, "Send");
    button.setAttribute("aria-label", `Send with ${call.title}`);
    button.addEventListener("click", () => call.run(newEventId()));
    const place = el("div", { className: "place", id: `receipt-${call.id}` });
    place.setAttribute("aria-live", "polite");
    this.#receipts.set(call.id, place);
    const head = el("div", { className: "head" }, el("h3", {}, el("code", {}, call.title)), button);
    return el("li", { className: "call" }, head, el("p", { className: "quiet" }, call.about), place);
  }

  #throughSdk<K extends "send" | "sendImmediate" | "sendBatchLogs" | "sendBatchLogsImmediate">(
    call: K,
    sent: K extends "send" | "sendImmediate" ? Log & { eventId: string } : (Log & { eventId: string })[],
  ): void {
    const [first] = [sent].flat();
    this.#open(call, first?.eventId ?? "", sent);
    void this.session.ready.then((tracker) => {
      if (Array.isArray(sent)) tracker[call as "sendBatchLogs"](sent);
      else tracker[call as "send"](sent);
    });
  }

  async #pixel(log: Log & { eventId: string }): Promise<void> {
    const receipt = this.#open("img", log.eventId, log);
    const address = await this.#address("track_ua.gif", log);
    const image = new Image(1, 1);
    image.alt = "";
    image.addEventListener("load", () =>
      receipt.answered({ ok: undefined, text: "a picture; the browser shows no page its status" }),
    );
    image.addEventListener("error", () => receipt.answered({ ok: false, text: "no picture" }));
    image.src = address;
    receipt.requested("GET …/track_ua.gif · img");
  }

  async #get(log: Log & { eventId: string }): Promise<void> {
    const receipt = this.#open("get", log.eventId, log);
    const address = await this.#address("track", log);
    receipt.requested("GET …/track · fetch");
    try {
      const answer = await fetch(address);
      receipt.answered(describeAnswer(answer.status, await answer.text(), answer.headers.get(SPOOLED)));
    } catch {
      receipt.answered({ ok: false, text: "no answer that the browser lets the page see" });
    }
  }

  #open(call: string, eventId: string, sent: unknown): Receipt {
    const receipt = this.ledger.open(call, eventId, sent);
    this.#receipts.get(call)?.replaceChildren(receipt.root);
    return receipt;
  }

  async #address(form: string, log: Log): Promise<string> {
    return `${await this.session.host}/logstores/${this.options.logstore}/${form}?${this.#query(log)}`;
  }

  #query(log: Log): URLSearchParams {
    const query = new URLSearchParams({ APIVersion: "0.6.0" });
    if (this.options.topic) query.set("__topic__", this.options.topic);
    for (const [name, value] of Object.entries(log)) query.set(name, String(value));
    return query;
  }

  #log(eventId: string): Log & { eventId: string } {
    const note = byId<HTMLTextAreaElement>("note").value;
    return { eventType: "try_a_call", note, eventId };
  }

  #batch(eventId: string): (Log & { eventId: string })[] {
    return [1, 2, 3].map((position) => ({ ...this.#log(eventId), position }));
  }
}
