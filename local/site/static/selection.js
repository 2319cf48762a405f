const PART = "f."; // before the name of a field, here and in the API

/** What is asked for: Logstore, text, time, and values of fields. Kept in the page's address. */
export class Selection {
  /** Reads it from the page's address. */
  constructor(address = location.search) {
    const query = new URLSearchParams(address);
    this.logstore = query.get("logstore") ?? "";
    this.contains = query.get("contains") ?? "";
    this.time = { minutes: whole(query.get("minutes")), from: whole(query.get("from")), to: whole(query.get("to")) };
    this.fields = new Map(); // name → Set of values
    for (const [key, value] of query) if (key.startsWith(PART)) this.#values(key.slice(PART.length)).add(value);
    this.anchor();
  }

  /** Has "the last 15 minutes" begin 15 minutes before now, and stay there. */
  anchor() {
    this.start = this.time.minutes ? String(Math.floor(Date.now() / 1000) - 60 * this.time.minutes) : this.time.from;
  }

  get narrowed() {
    return Boolean(this.contains || this.fields.size || this.time.minutes || this.time.from || this.time.to);
  }

  has(name, value) {
    return this.fields.get(name)?.has(value) ?? false;
  }

  toggle(name, value) {
    const values = this.#values(name);
    if (!values.delete(value)) values.add(value);
    if (!values.size) this.fields.delete(name);
  }

  only(name, value) {
    this.fields.set(name, new Set([value]));
  }

  /** The values that are chosen, as [name, value]. */
  *chosen() {
    for (const [name, values] of this.fields) for (const value of values) yield [name, value];
  }

  /** As the API takes it. */
  query() {
    return params([["logstore", this.logstore], ["contains", this.contains], ["from", this.start], ["to", this.time.to]], this.chosen());
  }

  /** As the page's address has it. */
  address(more) {
    return params([["logstore", this.logstore], ["contains", this.contains], ...Object.entries(this.time), ...more], this.chosen());
  }

  #values(name) {
    if (!this.fields.has(name)) this.fields.set(name, new Set());
    return this.fields.get(name);
  }
}

function params(pairs, chosen) {
  const query = new URLSearchParams(pairs.filter(([, value]) => value));
  for (const [name, value] of chosen) query.append(PART + name, value);
  return query;
}

function whole(text) {
  return /^\d{1,12}$/.test(text ?? "") ? text : "";
}
