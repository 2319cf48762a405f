import { number } from "./format.js";

const SECONDS = 60;
const WIDTH = 3; // of a bar and its gap, in the drawing's units
const HEIGHT = 28;

/** Arrivals a second over the last minute, as bars. */
export class Pulse {
  #counts = new Array(SECONDS).fill(0);
  #total = null;

  constructor(root) {
    this.caption = root.querySelector("figcaption");
    const svg = root.querySelector("svg");
    this.bars = this.#counts.map((_, index) => {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      bar.setAttribute("x", index * WIDTH);
      bar.setAttribute("width", WIDTH - 1);
      svg.append(bar);
      return bar;
    });
    this.#draw();
    setInterval(() => this.#tick(), 1000);
  }

  /** Begins with what came before the page was opened: a count for each second, oldest first. */
  start(counts) {
    this.#counts = counts;
    this.#draw();
  }

  /** Takes the number of logs in the store; what came since the last time counts for this second. */
  update(total) {
    if (this.#total !== null) this.#counts[SECONDS - 1] += Math.max(0, total - this.#total);
    this.#total = total;
    this.#draw();
  }

  #tick() {
    this.#counts.push(0);
    this.#counts.shift();
    this.#draw();
  }

  #draw() {
    const most = Math.max(4, ...this.#counts);
    this.bars.forEach((bar, index) => {
      const height = Math.max(1.5, (this.#counts[index] / most) * HEIGHT);
      bar.setAttribute("y", HEIGHT - height);
      bar.setAttribute("height", height);
      bar.classList.toggle("none", this.#counts[index] === 0);
    });
    const minute = this.#counts.reduce((sum, count) => sum + count, 0);
    this.caption.textContent = `${number(minute)} in the last minute`;
  }
}
