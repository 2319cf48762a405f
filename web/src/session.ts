import type SlsTracker from "@aliyun-sls/web-track-browser";
import { createAnonymousTracker } from "./anonymous";
import type { Config, Options } from "./config";
import { createStsTracker } from "./sts";

export type SessionState =
  | { kind: "anonymous" }
  | { kind: "waiting" }
  | { kind: "ready"; refreshed: Date }
  | { kind: "failed"; reason: string; hasCredential: boolean };

const RETRY_START = 30_000; // ms between tries while there is no first credential

/** The page's one tracker, in the chosen mode. In STS mode whatever is sent waits for the first credential. */
export class Session {
  readonly ready: Promise<SlsTracker>;
  #resolve!: (tracker: SlsTracker) => void;
  #hasCredential = false;
  #starting = false;

  constructor(
    private readonly config: Config,
    private readonly options: Options,
    private readonly show: (state: SessionState) => void,
  ) {
    this.ready = new Promise((resolve) => (this.#resolve = resolve));
    if (options.mode === "sts") {
      this.startSts();
    } else {
      show({ kind: "anonymous" });
      this.#resolve(createAnonymousTracker(config.functionsUrl, config.project, options));
    }
    void this.ready.then(flushWhenHidden);
  }

  /** Fetches the first credential; after a failure again by itself, or sooner when called. */
  startSts(): void {
    if (this.#starting || this.#hasCredential) return;
    this.#starting = true;
    this.show({ kind: "waiting" });
    const options = { ...this.options, host: this.config.slsUrl, project: this.config.project };
    createStsTracker(options, `${this.config.functionsUrl}/get_sts_token`, (error) => this.#told(error))
      .then(this.#resolve, () => setTimeout(() => this.startSts(), RETRY_START))
      .finally(() => (this.#starting = false));
  }

  #told(error?: Error): void {
    this.#hasCredential ||= !error;
    this.show(
      error
        ? { kind: "failed", reason: explain(error), hasCredential: this.#hasCredential }
        : { kind: "ready", refreshed: new Date() },
    );
  }
}

/** A browser gives a page the same TypeError for "unreachable" and for "answered, but not for this origin". */
function explain(error: Error): string {
  if (error.name !== "TypeError") return error.message;
  return "the token function cannot be reached, or does not allow this page’s origin";
}

/** The SDK empties its queue on `beforeunload` only, which phones often leave out. */
function flushWhenHidden(tracker: SlsTracker): void {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") tracker.sendBatchLogsImmediate([]);
  });
}
