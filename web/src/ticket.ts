const TIMEOUT = 10_000; // ms

/** The kind of ticket that the page uses; `expired` and `none` show how track refuses. */
export type TicketChoice = "good" | "expired" | "none";

/** A ticket that the site's server issues for its page. */
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

/** Returns the SDK's `host` for a page with this ticket. */
export function hostWith(url: string, { ticket }: Ticket): string {
  return `${url}/t/${ticket}`;
}

/** Returns an address without its ticket, for display. */
export function withoutTicket(path: string): string {
  return path.replace(/\/t\/[^/]+/g, "/t/…");
}

/** Returns why track refuses uploads, undefined if it accepts them. An empty upload stores nothing. */
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

/** Returns header and claims as text: anyone who has the page can read them. */
export function describeTicket({ ticket }: Ticket): string {
  const [header, claims] = ticket.split(".");
  return [header, claims].map((part) => JSON.stringify(JSON.parse(decode(part ?? "")))).join("\n");
}

function decode(part: string): string {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
