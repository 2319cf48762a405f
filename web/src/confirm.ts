const PATIENCE = 15_000; // ms
const PAUSE = 300; // ms

export type Stored = { kind: "stored"; ms: number } | { kind: "missing" } | { kind: "unknown" };

/** Asks the console, as the laptop's stand-in has one, whether a log with `eventId` has arrived. */
export async function confirmStored(logstore: string, eventId: string): Promise<Stored> {
  const query = new URLSearchParams({ logstore, contains: eventId, limit: "1" });
  const start = performance.now();
  while (performance.now() - start < PATIENCE) {
    const found = await ask(`api/logs?${query}`);
    if (found === undefined) return { kind: "unknown" };
    if (found) return { kind: "stored", ms: performance.now() - start };
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return { kind: "missing" };
}

async function ask(url: string): Promise<boolean | undefined> {
  try {
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok) return undefined;
    return ((await answer.json()) as unknown[]).length > 0;
  } catch {
    return undefined; // the page is served by something without a console
  }
}
