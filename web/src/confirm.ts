export const PATIENCE = 15_000; // ms
export const REFUSED_PATIENCE = 3_000; // ms, if track is known to refuse the log
const IN_SPOOL = 15 * 60_000; // ms: while a batch is in the spool, its log is only late
const PAUSE = 300; // ms
const SOON = 1_500; // ms after which a missing log may be in the spool

export type Stored = { kind: "stored"; ms: number } | { kind: "missing" } | { kind: "unknown" };

/**
 * Asks the console of the local cloud whether a log with `eventId` has arrived, for at most `most` ms.
 * `waits` is called if it has not arrived and there are batches in the spool.
 */
export async function confirmStored(logstore: string, eventId: string, waits: () => void, most: number): Promise<Stored> {
  const query = new URLSearchParams({ logstore, contains: eventId, limit: "1" });
  const start = performance.now();
  let patience = most;
  while (performance.now() - start < patience) {
    const found = await ask<unknown[]>(`api/logs?${query}`);
    if (found === undefined) return { kind: "unknown" };
    if (found.length > 0) return { kind: "stored", ms: performance.now() - start };
    if (performance.now() - start > SOON && (await spoolHolds())) {
      patience = IN_SPOOL;
      waits();
    }
    await new Promise((resolve) => setTimeout(resolve, patience === IN_SPOOL ? 4 * PAUSE : PAUSE));
  }
  return { kind: "missing" };
}

async function spoolHolds(): Promise<boolean> {
  const spool = await ask<{ pending: number }>("api/spool");
  return (spool?.pending ?? 0) > 0;
}

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    const answer = await fetch(url, { cache: "no-store" });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined; // the page's server has no console
  }
}
