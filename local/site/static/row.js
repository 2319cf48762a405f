import { el, marked } from "./dom.js";
import { clockTime, fullTime, relativeTime } from "./format.js";

const FIELDS = 12; // shown in a row
const CHARACTERS = 160; // shown of a value
const FIRST = ["level", "event", "status", "errorCode", "detail", "reason"]; // of a function's line
const LEAST = ["requestId"];

/** One log as a row: text only, whatever the log holds. */
export function drawRow(log, contains) {
  const time = el("time", { title: fullTime(log.time) }, el("span", {}, clockTime(log.time)), el("span", { className: "age" }));
  const logstore = el("span", { className: "chip" }, log.logstore);
  logstore.dataset.hue = hue(log.logstore);
  const row = el("div", { className: "row" }, time, logstore, summary(log, contains));
  if (log.line?.level) row.dataset.level = log.line.level;
  updateAge(row, log);
  return row;
}

export function updateAge(row, log) {
  const age = row.querySelector(".age");
  const text = relativeTime(log.time);
  if (age.textContent !== text) age.textContent = text;
}

/** What a function's line says, before all that tells lines apart at a glance. */
function ofFunction({ fields, line }) {
  const names = [...FIRST.filter((name) => name in line), ...Object.keys(line).filter((name) => !FIRST.includes(name) && !LEAST.includes(name))];
  return { function: fields.functionName, ...Object.fromEntries(names.map((name) => [name, line[name]])) };
}

/** The subject is whom the page's ticket was issued for: a tag that only track writes. */
function summary(log, contains) {
  const fields = log.line ? ofFunction(log) : log.fields;
  const topic = log.topic && !log.line ? [el("span", { className: "topic" }, ...marked(log.topic, contains)), " "] : [];
  const { subject } = log.tags;
  const whose = subject ? [el("span", { className: "pair subject", title: "Subject of the page’s ticket" }, ...marked(subject, contains)), " "] : [];
  const pairs = Object.entries(fields)
    .slice(0, FIELDS)
    .flatMap(([name, value]) => [
      el("span", { className: "pair" }, el("b", {}, ...marked(name, contains), ":"), " ", ...marked(value.slice(0, CHARACTERS), contains)),
      " ",
    ]);
  return el("span", { className: "summary" }, ...topic, ...whose, ...(pairs.length ? pairs : [el("i", {}, "no fields")]));
}

const known = new Map(); // Logstore → its place, in the order in which they were met

/** One of six colours for a Logstore; the first six have different ones. */
export function hue(name) {
  if (!known.has(name)) known.set(name, known.size);
  return known.get(name) % 6;
}
