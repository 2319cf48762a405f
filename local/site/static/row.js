import { el, marked } from "./dom.js";
import { clockTime, fullTime, relativeTime } from "./format.js";

const FIELDS = 12; // shown in a row
const CHARACTERS = 160; // shown of a value

/** One log as a row: text only, whatever the log holds. */
export function drawRow(log, contains) {
  const time = el("time", { title: fullTime(log.time) }, el("span", {}, clockTime(log.time)), el("span", { className: "age" }));
  const logstore = el("span", { className: "chip" }, log.logstore);
  logstore.dataset.hue = hue(log.logstore);
  const topic = el("span", { className: "topic" }, ...marked(log.topic, contains));
  const row = el("div", { className: "row" }, time, logstore, topic, summary(log.fields, log.tags.subject, contains));
  updateAge(row, log);
  return row;
}

export function updateAge(row, log) {
  const age = row.querySelector(".age");
  const text = relativeTime(log.time);
  if (age.textContent !== text) age.textContent = text;
}

/** `subject` is whom the page's ticket was issued for: a tag that only track writes. */
function summary(fields, subject, contains) {
  const whose = subject ? [el("span", { className: "pair subject", title: "Subject of the page’s ticket" }, ...marked(subject, contains)), " "] : [];
  const pairs = Object.entries(fields)
    .slice(0, FIELDS)
    .flatMap(([name, value]) => [
      el("span", { className: "pair" }, el("b", {}, ...marked(name, contains), ":"), " ", ...marked(value.slice(0, CHARACTERS), contains)),
      " ",
    ]);
  return el("span", { className: "summary" }, ...whose, ...(pairs.length ? pairs : [el("i", {}, "no fields")]));
}

/** One of six colours, the same for the same name. */
export function hue(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return sum % 6;
}
