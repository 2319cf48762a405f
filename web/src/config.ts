import type { TicketChoice } from "./ticket";

/** The destination of logs, read from the page's server, so that the built page contains no address. */
export interface Config {
  functionsUrl: string;
  slsUrl: string;
  guardedUrl?: string; // where track and token enforce page tickets, if the site issues any
  project: string;
  logstores: string[];
}

export type Mode = "anonymous" | "sts" | "ticket";

/** The values of the form "Tracker options", passed in the page's query string. */
export interface Options {
  mode: Mode;
  ticket: TicketChoice;
  logstore: string;
  time: number;
  count: number;
  topic: string;
  source: string;
  tags: Record<string, unknown>;
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`config.json was answered ${answer.status}`);
  return (await answer.json()) as Config;
}

export function readOptions(query: URLSearchParams, config: Config): Options {
  return {
    mode: oneOf(["anonymous", "sts", ...(config.guardedUrl ? (["ticket"] as const) : [])], query.get("mode")),
    ticket: oneOf(["good", "expired", "none"], query.get("ticket")),
    logstore: query.get("logstore") || config.logstores[0] || "",
    time: positive(query.get("time"), 10),
    count: positive(query.get("count"), 10),
    topic: query.get("topic") ?? "shop",
    source: query.get("source") ?? "sample-page",
    tags: readTags(query.get("tags") ?? '{"env":"demo"}'),
  };
}

function oneOf<T extends string>(all: readonly [T, ...T[]], text: string | null): T {
  return all.find((one) => one === text) ?? all[0];
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : otherwise;
}

function readTags(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value && typeof value === "object") return value as Record<string, unknown>;
  } catch {
    // Reported below: an invalid tag must not stop the page.
  }
  console.warn(`the tags are left out, because they are not a JSON object: ${text}`);
  return {};
}
