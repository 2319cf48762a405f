import { el } from "./dom.js";
import { shown } from "./chart.js";

const HEIGHT = 150; // px
const MINUTE = 60;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4]]; // lines differ without colour too
const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6"];

let library = null;

/** The chart library, built with the sample page: without Node.js it is not there, and a table has to do. */
function loadLibrary() {
  library ??= import("/chart-library.js").then((module) => {
    document.head.append(el("link", { rel: "stylesheet", href: "/chart-library.css" }));
    return module.default;
  }).catch(() => null);
  return library;
}

/** Draws numbers by minute as lines, with a legend that names each and gives its last value. */
export async function drawLines(picture, chart, from, to) {
  const { times, series } = byMinute(chart, from, to);
  const uPlot = await loadLibrary();
  picture.plot?.destroy();
  picture.plot = null;
  const canvas = el("div", { className: "canvas" });
  picture.replaceChildren(canvas, legend(series, chart.unit));
  if (!uPlot) return void canvas.append(el("p", { className: "quiet" }, "The lines take the built page (make web); their last values are below."));
  picture.plot = new uPlot(options(picture, series), [times, ...series.map((one) => one.values)], canvas);
  follow(picture);
}

/** Rows as one list of values for each series; a minute without a row has none, or 0 where rows are counted. */
export function byMinute(chart, from, to) {
  const counted = chart.unit === "";
  const first = Math.ceil(from / MINUTE) * MINUTE;
  const times = [];
  for (let at = first; at <= to; at += MINUTE) times.push(at);
  const [y] = chart.y;
  const names = chart.by ? [...new Set(chart.rows.map((row) => row[chart.by]))].sort() : chart.y;
  const series = names.map((name) => ({ name: name.replaceAll("_", " "), values: times.map(() => (counted ? 0 : null)) }));
  for (const row of chart.rows) {
    const at = (Date.parse(`${row[chart.x].replace(" ", "T")}:00Z`) / 1000 - first) / MINUTE;
    if (!(at in times)) continue;
    names.forEach((name, index) => {
      if (chart.by && row[chart.by] !== name) return;
      const text = row[chart.by ? y : name];
      series[index].values[at] = text === "null" ? null : Number(text);
    });
  }
  return { times, series };
}

function legend(series, unit) {
  return el("ul", { className: "legend" }, ...series.map((one, index) => {
    const space = "http://www.w3.org/2000/svg";
    const mark = document.createElementNS(space, "svg");
    const line = document.createElementNS(space, "line");
    mark.setAttribute("viewBox", "0 0 28 8");
    mark.setAttribute("aria-hidden", "true");
    for (const [name, value] of [["x1", 0], ["x2", 28], ["y1", 4], ["y2", 4], ["stroke-dasharray", dash(index).join(" ")]]) line.setAttribute(name, value);
    line.classList.add(`stroke-${(index % COLOURS.length) + 1}`);
    mark.append(line);
    const values = one.values.filter((value) => value !== null);
    const sum = values.reduce((total, value) => total + value, 0);
    const text = unit ? `${shown(String(values.at(-1) ?? "null"))} ${unit}` : `${shown(String(values.at(-1) ?? 0))} now, ${shown(String(Math.max(0, ...values)))} at most`;
    const item = el("li", {}, mark, ` ${one.name} `, el("b", {}, text));
    item.dataset.name = one.name;
    item.dataset.sum = sum;
    return item;
  }));
}

function dash(index) {
  return DASHES[index % DASHES.length];
}

function options(picture, series) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => resolved(style.getPropertyValue(name));
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { stroke: colour("--edge"), width: 1 }, font: "12px system-ui, sans-serif" };
  return {
    width: Math.max(picture.clientWidth, 120),
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [{ ...axis, space: 60, size: 28, values: clock }, { ...axis, size: 48, space: 34 }],
    series: [{}, ...series.map((one, index) => ({
      label: one.name,
      stroke: colour(COLOURS[index % COLOURS.length]),
      width: 2,
      dash: dash(index),
      spanGaps: true,
      points: { show: one.values.filter((value) => value !== null).length < 40, size: 5 },
    }))],
  };
}

function clock(_plot, splits) {
  return splits.map((at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
}

/** A colour as the canvas takes it: light-dark() is for style sheets only. */
function resolved(value) {
  const probe = el("span", { hidden: true });
  probe.style.color = value;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function follow(picture) {
  if (picture.followed) return;
  picture.followed = new ResizeObserver(() => picture.plot?.setSize({ width: Math.max(picture.clientWidth, 120), height: HEIGHT }));
  picture.followed.observe(picture);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const figure of document.querySelectorAll("figure.chart")) figure.seen = ""; // drawn anew with the next look
});
