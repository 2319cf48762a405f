import { el } from "./dom.js";
import { number } from "./format.js";
import { drawLines } from "./lines.js";

const BARS = 10;
const ROWS = 20;

/** Draws one chart into `figure`, again at each change; the numbers are in the document as text as well. */
export async function drawChart(figure, chart, from, to) {
  const seen = JSON.stringify([chart.rows, chart.error, chart.kind === "line" ? [from, to] : 0]);
  if (figure.seen === seen) return;
  figure.seen = seen;
  if (!figure.firstChild) {
    figure.dataset.query = chart.query;
    figure.append(el("figcaption", {}, chart.title), el("div", { className: "picture" }), source(chart));
  }
  const picture = figure.querySelector(".picture");
  if (chart.error) return picture.replaceChildren(el("p", { className: "problem" }, chart.error));
  if (!chart.rows.length) return picture.replaceChildren(el("p", { className: "nothing quiet" }, "Nothing in this time."));
  if (chart.kind === "line") await drawLines(picture, chart, from, to);
  else picture.replaceChildren(chart.kind === "bar" ? bars(chart) : table(chart));
}

function source(chart) {
  return el("details", { className: "source" }, el("summary", {}, "Query"), el("pre", {}, chart.text));
}

/** Bars as text beside a length: read by eye, by a screen reader, and without colour. */
function bars(chart) {
  const [y] = chart.y;
  const rows = chart.rows.slice(0, BARS).map((row) => ({ label: row[chart.x], value: Number(row[y]) }));
  const most = Math.max(...rows.map((row) => row.value), 1);
  const items = rows.map(({ label, value }) => {
    const bar = el("span", { className: "bar-length" });
    bar.style.inlineSize = `${(value / most) * 100}%`;
    return el("li", {}, el("span", { className: "bar-label", title: label }, label), el("span", { className: "bar-value" }, number(value)), bar);
  });
  return el("ol", { className: "bars" }, ...items);
}

function table(chart) {
  const head = el("tr", {}, ...chart.y.map((name) => el("th", { scope: "col" }, name.replaceAll("_", " "))));
  const rows = chart.rows.slice(0, ROWS).map((row) => el("tr", {}, ...chart.y.map((name) => el("td", {}, shown(row[name])))));
  return el("table", { className: "numbers" }, el("thead", {}, head), el("tbody", {}, ...rows));
}

/** A value as a person reads it: no more digits than mean something. */
export function shown(text) {
  if (text === "null") return "–";
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) return text;
  return Number.isInteger(value) ? String(value) : value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
