import { PATIENCE, REFUSED_PATIENCE, confirmStored } from "./confirm";
import { el } from "./dom";
import { withoutTicket } from "./ticket";
import type { Answer, Upload } from "./wire";

type Tone = "wait" | "good" | "bad" | "plain";

/** Shows one call of the page: the logs, how they were sent, the answer, and whether they arrived. */
export class Receipt {
  readonly root: HTMLElement;
  #arrived = false;
  private readonly lines = { request: el("dd"), answer: el("dd"), stored: el("dd") };

  constructor(
    readonly call: string,
    readonly eventId: string,
    sent: unknown,
    private readonly logstore: string,
    private readonly refusal: () => string | undefined,
  ) {
    const payload = el("pre", { tabIndex: 0 }, abridge(JSON.stringify(sent, null, 1)));
    payload.setAttribute("aria-label", "what was sent");
    this.root = el("div", { className: "receipt" }, payload, this.#list());
    this.root.dataset["eventId"] = eventId;
    this.#set("request", "waiting in the page’s queue", "wait");
  }

  /** The SDK sent it, with `logs` logs in one request. */
  left(upload: Upload, logs: number): void {
    const bytes = new TextEncoder().encode(upload.body).length;
    const path = withoutTicket(new URL(upload.url, location.href).pathname);
    const many = logs === 1 ? "1 log" : `${logs} logs`;
    this.requested(`POST ${path} · ${upload.transport} · ${many} · ${bytes.toLocaleString("en")} bytes`);
    void upload.answer.then((answer) => this.answered(answer));
  }

  requested(text: string): void {
    this.#set("request", text, "plain");
    this.#set("answer", "waiting", "wait");
    void this.#confirm();
  }

  answered({ ok, spooled, text }: Answer): void {
    this.#set("answer", text, ok === undefined ? "plain" : ok ? "good" : "bad");
    if (spooled && !this.#arrived) this.#waits();
  }

  /** It is in the spool, and replay writes it when SLS accepts logs again. */
  #waits(): void {
    this.#set("stored", "waiting in the spool: it arrives once SLS is up", "wait");
  }

  async #confirm(): Promise<void> {
    this.#set("stored", "looking in the console", "wait");
    const refusal = this.refusal();
    const stored = await confirmStored(this.logstore, this.eventId, () => this.#waits(), refusal ? REFUSED_PATIENCE : PATIENCE);
    this.#arrived = stored.kind === "stored";
    if (stored.kind === "missing" && refusal) return this.#set("stored", `lost: ${refusal}`, "bad");
    if (stored.kind === "missing") return this.#set("stored", "not there after 15 s", "bad");
    if (stored.kind === "unknown") return this.#set("stored", "no console here to ask", "plain");
    const query = new URLSearchParams({ contains: this.eventId });
    const link = el("a", { href: `console?${query}` }, "show in the console");
    const seconds = (stored.ms / 1000).toFixed(1);
    this.#set("stored", `in ${this.logstore} after ${seconds} s · `, "good", link);
  }

  #list(): HTMLElement {
    const rows = Object.entries(this.lines).map(([name, value]) => {
      value.dataset["line"] = name;
      return el("div", {}, el("dt", {}, name), value);
    });
    return el("dl", {}, ...rows);
  }

  #set(line: keyof typeof this.lines, text: string, tone: Tone, ...more: Node[]): void {
    this.lines[line].replaceChildren(text, ...more);
    this.lines[line].dataset["tone"] = tone;
  }
}

function abridge(text: string): string {
  const most = 600;
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length.toLocaleString("en")} characters)`;
}
