const TIMEOUT = 10_000; // ms

/** What the page does about its ticket; `expired` and `none` show how track refuses. */
export type TicketChoice = "good" | "expired" | "none";

/** A ticket as the site's own server issues it, for the page that it serves. */
export interface Ticket {
  ticket: string;
  subject: string;
  expires: number; // s since the epoch
}

export async function fetchTicket(choice: "good" | "expired"): Promise<Ticket> {
  const answer = await fetch(`ticket?state=${choice}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
  if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
  return (await answer.json()) as Ticket;
}

/** The SDK's `host` for a page with that ticket. */
export function hostWith(url: string, { ticket }: Ticket): string {
  return `${url}/t/${ticket}`;
}

/** An address fit to be shown. */
export function withoutTicket(path: string): string {
  return path.replace(/\/t\/[^/]+/g, "/t/…");
}

/** Why track takes nothing that is sent to `host`, undefined if it does. An upload of no logs stores nothing. */
export async function refusalAt(host: string, logstore: string): Promise<string | undefined> {
  const upload = { method: "POST", body: JSON.stringify({ __logs__: [] }), signal: AbortSignal.timeout(TIMEOUT) };
  try {
    const answer = await fetch(`${host}/logstores/${logstore}/track`, upload);
    if (answer.ok) return undefined;
    const { errorCode, errorMessage } = (await answer.json()) as { errorCode: string; errorMessage: string };
    return `${answer.status} ${errorCode}, ${errorMessage}`;
  } catch {
    return "track cannot be reached, or does not allow this page’s origin";
  }
}

/** Header and claims, as text: whoever has the page can read them. */
export function describeTicket({ ticket }: Ticket): string {
  const [header, claims] = ticket.split(".");
  return [header, claims].map((part) => JSON.stringify(JSON.parse(decode(part ?? "")))).join("\n");
}

function decode(part: string): string {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
