import type SlsTracker from "@aliyun-sls/web-track-browser";
import { createAnonymousTracker } from "./anonymous";
import type { Config, Options } from "./config";
import { createStsTracker } from "./sts";
import { fetchTicket, hostWith, refusalAt, type Ticket } from "./ticket";

export type SessionState =
  | { kind: "anonymous" }
  | { kind: "waiting"; what: string }
  | { kind: "ready"; refreshed: Date }
  | { kind: "failed"; what: string; reason: string; inUse: boolean }
  | { kind: "taken"; ticket: Ticket }
  | { kind: "refused"; reason: string; ticket: Ticket | undefined };

const RETRY_START = 30_000; // ms between retries without a first credential or a valid ticket
const SOONEST = 5_000; // ms, the minimum from one ticket to the next

/**
 * The page's tracker, in the selected mode. Logs sent before the first credential or ticket wait for it.
 */
export class Session {
  /** Why track refuses the page's uploads; undefined if unknown. */
  refusal: string | undefined;
  #tracker: Promise<SlsTracker>;
  #host: Promise<string>;
  #resolve!: (tracker: SlsTracker) => void;
  #resolveHost!: (host: string) => void;
  #current: SlsTracker | undefined;
  #starting = false;

  constructor(
    private readonly config: Config,
    private readonly options: Options,
    private readonly show: (state: SessionState) => void,
  ) {
    this.#tracker = new Promise((resolve) => (this.#resolve = resolve));
    this.#host = new Promise((resolve) => (this.#resolveHost = resolve));
    if (options.mode !== "ticket") this.#resolveHost(config.functionsUrl);
    if (options.mode === "anonymous") this.#use(this.#anonymous(config.functionsUrl));
    else this.start();
    if (options.mode === "anonymous") show({ kind: "anonymous" });
    document.addEventListener("visibilitychange", () => this.#flushWhenHidden());
  }

  /** The current tracker; a page that stays open gets a new one with each ticket. */
  get ready(): Promise<SlsTracker> {
    return this.#tracker;
  }

  /** The address of requests without a credential, with the ticket if there is one. */
  get host(): Promise<string> {
    return this.#host;
  }

  /** Fetches the first credential or ticket; retries after a failure, or earlier when called. */
  start(): void {
    if (this.#starting || this.#current) return;
    this.#starting = true;
    this.show({ kind: "waiting", what: this.options.mode === "sts" ? "credential" : "ticket" });
    const started = this.options.mode === "sts" ? this.#startSts() : this.#startTicket();
    void started.catch(() => setTimeout(() => this.start(), RETRY_START)).finally(() => (this.#starting = false));
  }

  async #startSts(): Promise<void> {
    const options = { ...this.options, host: this.config.slsUrl, project: this.config.project };
    const url = `${this.config.functionsUrl}/get_sts_token`;
    this.#use(await createStsTracker(options, url, (error) => this.#told(error)));
  }

  #told(error?: Error): void {
    this.show(
      error
        ? { kind: "failed", what: "credential", reason: explain(error, "the token function"), inUse: !!this.#current }
        : { kind: "ready", refreshed: new Date() },
    );
  }

  async #startTicket(): Promise<void> {
    const { guardedUrl = "" } = this.config;
    if (this.options.ticket === "none") return this.#useTicket(guardedUrl, undefined);
    try {
      const ticket = await fetchTicket(this.options.ticket);
      await this.#useTicket(hostWith(guardedUrl, ticket), ticket);
      if (this.options.ticket === "good") this.#renewLater(ticket);
    } catch (error) {
      this.show({ kind: "failed", what: "ticket", reason: explain(error as Error, "the site"), inUse: !!this.#current });
      throw error;
    }
  }

  /** The SDK cannot change its host: a new ticket needs a new tracker. */
  async #useTicket(host: string, ticket: Ticket | undefined): Promise<void> {
    this.#current?.sendBatchLogsImmediate([]); // sends what is left in the old one's queue
    this.#resolveHost(host);
    this.#host = Promise.resolve(host);
    this.#use(this.#anonymous(host));
    this.refusal = await refusalAt(host, this.options.logstore);
    if (this.refusal) this.show({ kind: "refused", reason: this.refusal, ticket });
    else if (ticket) this.show({ kind: "taken", ticket });
    else this.show({ kind: "anonymous" });
  }

  /** Renews after half of the ticket's lifetime, so that there is time for retries. */
  #renewLater({ expires }: Ticket): void {
    const wait = Math.max(SOONEST, (1000 * expires - Date.now()) / 2);
    const renew = (): void => void this.#startTicket().catch(() => setTimeout(renew, RETRY_START));
    setTimeout(renew, wait);
  }

  #anonymous(host: string): SlsTracker {
    return createAnonymousTracker(host, this.config.project, this.options);
  }

  #use(tracker: SlsTracker): void {
    this.#current = tracker;
    this.#resolve(tracker);
    this.#tracker = Promise.resolve(tracker);
  }

  /** The SDK flushes its queue only on `beforeunload`, which phones often do not fire. */
  #flushWhenHidden(): void {
    if (document.visibilityState === "hidden") this.#current?.sendBatchLogsImmediate([]);
  }
}

/** A browser reports the same TypeError for "unreachable" and for "answered, but not for this origin". */
function explain(error: Error, whom: string): string {
  if (error.name !== "TypeError") return error.message;
  return `${whom} cannot be reached, or does not allow this page’s origin`;
}
