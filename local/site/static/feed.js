/** The logs that a selection ({logstore, contains}) asks for: by the page, and live. */
export class Feed {
  #stream = null;

  /** @param on {logs(batch), counts(counts), cloud(cloud), state("live" | "lost" | "connecting")} */
  constructor(on) {
    this.on = on;
  }

  /** One page, newest first, older than the log `before`. Resolves to {logs, more}. */
  async page(selection, before, limit = 200) {
    const query = new URLSearchParams({ ...selection, limit, ids: "true" });
    if (before) query.set("before", before);
    const answer = await fetch(`/api/logs?${query}`);
    if (!answer.ok) throw new Error(`/api/logs was answered ${answer.status}`);
    return { logs: await answer.json(), more: answer.headers.has("x-next-before") };
  }

  /** Follows what arrives after the log `since`, in place of what was followed before. */
  follow(selection, since) {
    this.#stream?.close();
    this.on.state("connecting");
    const stream = new EventSource(`/api/stream?${new URLSearchParams({ ...selection, since })}`);
    this.#stream = stream;
    stream.addEventListener("open", () => this.on.state("live"));
    stream.addEventListener("error", () => this.#lost(stream));
    stream.addEventListener("counts", (event) => this.on.counts(JSON.parse(event.data)));
    stream.addEventListener("cloud", (event) => this.on.cloud(JSON.parse(event.data)));
    stream.addEventListener("logs", (event) => this.on.logs(JSON.parse(event.data)));
  }

  #lost(stream) {
    if (stream === this.#stream) this.on.state("lost");
  }
}
