const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** Seconds since the epoch as "09:41:07", with the day in front where it is not today. */
export function clockTime(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

export function fullTime(seconds) {
  return full.format(new Date(seconds * 1000));
}

/** Seconds since the epoch as "4 s ago". */
export function relativeTime(seconds) {
  const age = Math.max(0, Date.now() / 1000 - seconds);
  if (age < 2) return "now";
  if (age < 60) return `${Math.floor(age)} s ago`;
  if (age < 3600) return `${Math.floor(age / 60)} min ago`;
  if (age < 86400) return `${Math.floor(age / 3600)} h ago`;
  return `${Math.floor(age / 86400)} d ago`;
}

export function number(value) {
  return value.toLocaleString("en");
}

export function logs(count) {
  return count === 1 ? "1 log" : `${number(count)} logs`;
}
