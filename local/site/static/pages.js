export const PAGE = 200; // logs that are asked for at once
const KEPT = 30; // pages; those around what is seen, and the rest of what was seen last

/** The logs that are here, by their rank; the others are asked for by the page. */
export class Pages {
  #pages = new Map(); // number → logs, with holes, that of the latest use last
  #awaited = new Set();

  clear() {
    this.#pages.clear();
    this.#awaited = new Set(); // what is on its way belongs to the list of before
  }

  get(rank) {
    return this.#pages.get(Math.floor(rank / PAGE))?.[rank % PAGE];
  }

  /** Takes logs, newest first, of which the last has this rank. */
  put(rank, logs) {
    logs.forEach((log, at) => {
      const own = rank + logs.length - 1 - at;
      const number = Math.floor(own / PAGE);
      if (!this.#pages.has(number)) this.#pages.set(number, []);
      this.#pages.get(number)[own % PAGE] = log;
    });
  }

  /** The pages of which logs between two ranks are missing and not on their way, as [{rank, count}]. */
  missing(least, most) {
    const numbers = new Set();
    for (let rank = least; rank <= most; rank += 1) if (!this.get(rank)) numbers.add(Math.floor(rank / PAGE));
    return [...numbers].filter((number) => !this.#awaited.has(number)).map((number) => ({ rank: number * PAGE, count: PAGE }));
  }

  /** Notes that the page of a rank is on its way. Returns what is to be called once it has come, or not. */
  awaiting(rank) {
    const [awaited, number] = [this.#awaited, rank / PAGE];
    awaited.add(number);
    return () => awaited.delete(number);
  }

  /** Lets go pages that have not been seen for longest. */
  keepAround(least, most) {
    for (let number = Math.floor(least / PAGE); number <= Math.floor(most / PAGE); number += 1) {
      const page = this.#pages.get(number);
      if (this.#pages.delete(number)) this.#pages.set(number, page);
    }
    for (const number of this.#pages.keys()) {
      if (this.#pages.size <= KEPT) break;
      this.#pages.delete(number);
    }
  }
}
