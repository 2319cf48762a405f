import { Receipt } from "./receipt";
import { observeUploads, type Upload } from "./wire";

export type Log = Record<string, unknown>;

/** Finds the receipts of the events in each upload. */
export class Ledger {
  readonly #open = new Map<string, Receipt>();

  /** `refusal` returns why track refuses the page's uploads, if it does. */
  constructor(
    private readonly logstore: string,
    private readonly refusal: () => string | undefined,
  ) {
    observeUploads((upload) => this.#match(upload));
  }

  /** Creates a receipt for one call; `eventId` is in each of its logs. */
  open(call: string, eventId: string, sent: unknown): Receipt {
    const receipt = new Receipt(call, eventId, sent, this.logstore, this.refusal);
    this.#open.set(eventId, receipt);
    return receipt;
  }

  #match(upload: Upload): void {
    const logs = (JSON.parse(upload.body) as { __logs__: Log[] }).__logs__;
    for (const eventId of new Set(logs.map((log) => String(log["eventId"])))) {
      this.#open.get(eventId)?.left(upload, logs.length);
    }
  }
}

/** Returns a unique name, by which an event can be found in the Logstore. */
export function newEventId(): string {
  return `e-${crypto.getRandomValues(new Uint32Array(2)).join("").slice(0, 12)}`;
}
