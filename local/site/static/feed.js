/** What a selection asks for: logs by their rank, counts by value, and what arrives. */
export class Feed {
  #stream = null;

  /** @param on {logs(batch), counts(counts), cloud(cloud), state("live" | "lost" | "connecting")} */
  constructor(on) {
    this.on = on;
  }

  /** Some logs, newest first: the newest, or those from a rank on. Resolves to {logs, total, newest}. */
  async page(selection, limit, rank) {
    const query = selection.query();
    for (const [name, value] of [["counted", "true"], ["ids", "true"], ["limit", limit]]) query.set(name, value);
    if (rank !== undefined) query.set("rank", rank);
    const answer = await asked(`/api/logs?${query}`);
    const [total, newest] = ["x-total", "x-newest"].map((name) => Number(answer.headers.get(name)));
    return { logs: await answer.json(), total, newest };
  }

  /** How many logs there are by Logstore and by value; of the fields in `opened` more values. */
  async facets(selection, opened) {
    const query = selection.query();
    for (const name of opened) query.append("open", name);
    return (await asked(`/api/facets?${query}`)).json();
  }

  /** Follows what arrives after the log `since`, in place of what was followed before. */
  follow(selection, since) {
    this.#stream?.close();
    this.on.state("connecting");
    const query = selection.query();
    query.set("since", since);
    const stream = new EventSource(`/api/stream?${query}`);
    this.#stream = stream;
    stream.addEventListener("open", () => this.on.state("live"));
    stream.addEventListener("error", () => this.#lost(stream));
    stream.addEventListener("counts", (event) => this.on.counts(JSON.parse(event.data)));
    stream.addEventListener("cloud", (event) => this.on.cloud(JSON.parse(event.data)));
    stream.addEventListener("logs", (event) => this.on.logs(JSON.parse(event.data)));
  }

  stop() {
    this.#stream?.close();
  }

  #lost(stream) {
    if (stream === this.#stream) this.on.state("lost");
  }
}

async function asked(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
  return answer;
}
