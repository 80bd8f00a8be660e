// Numbers, sizes and times as people read them. Every function takes what may be absent and then says "–":
// unknown is never shown as zero.

export const unknown = "–";

export const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

// What rounds to zero from below is zero: no "-0".
const number = (digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits, signDisplay: "negative" });
const whole = number(0);
const hundredth = number(2);
const tenth = number(1);

export const count = (value) => (isKnown(value) ? whole.format(value) : unknown);

/** A rate: whole from ten on, one place below, so that 0.4 a second is not zero. */
export function rate(value) {
  if (!isKnown(value)) return unknown;
  return Math.abs(value) >= 10 || value === 0 ? whole.format(value) : tenth.format(value);
}

/** Short for charts' axes: 12.5k, 3M. */
export function short(value) {
  if (!isKnown(value)) return unknown;
  const size = Math.abs(value);
  if (size >= 1e9) return `${tenth.format(value / 1e9)}G`;
  if (size >= 1e6) return `${tenth.format(value / 1e6)}M`;
  if (size >= 1e4) return `${tenth.format(value / 1e3)}k`;
  if (size >= 10 || value === 0) return whole.format(value);
  return (size >= 1 ? tenth : hundredth).format(value);
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"];
export function bytes(value) {
  if (!isKnown(value)) return unknown;
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Math.abs(size) >= 100 || unit === 0 ? whole.format(size) : tenth.format(size)} ${units[unit]}`;
}

/** Milliseconds as latency: 0.84 ms, 12 ms, 1.3 s. */
export function latency(value) {
  if (!isKnown(value)) return unknown;
  if (value >= 60_000) return span(value);
  if (value >= 1000) return `${tenth.format(value / 1000)} s`;
  if (value >= 10) return `${whole.format(value)} ms`;
  return `${(Math.round(value * 10) / 10).toString()} ms`;
}

/** Milliseconds as a stretch of time: 14 s, 3 min 20 s, 2 h 5 min. */
export function span(value) {
  if (!isKnown(value)) return unknown;
  const seconds = Math.max(0, Math.floor(value / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Lag in time: exact while it is small. */
export function lagSpan(value) {
  if (!isKnown(value)) return unknown;
  if (value < 1000) return `${whole.format(value)} ms`;
  return value < 10_000 ? `${tenth.format(value / 1000)} s` : span(value);
}

const two = (value) => String(value).padStart(2, "0");
export function clock(milliseconds) {
  if (!isKnown(milliseconds)) return unknown;
  const date = new Date(milliseconds);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const day = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** A record's time; Kafka's −1 stands for none. */
export function dateAndClock(milliseconds) {
  if (!isKnown(milliseconds) || milliseconds < 0) return unknown;
  const date = new Date(milliseconds);
  return `${day(date)} ${clock(milliseconds)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The time of day; of another day than `now`, its date as well. */
export function clockOrDate(milliseconds, now) {
  if (!isKnown(milliseconds)) return unknown;
  const date = day(new Date(milliseconds));
  return date === day(new Date(now)) ? clock(milliseconds) : `${date} ${clock(milliseconds)}`;
}

// Control characters, and those that turn the direction of the text after them.
const unfit = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from outside, fit to be shown: not longer than `most`, and without characters that disguise what it says. */
export function cut(text, most) {
  const plain = String(text);
  return (plain.length > most ? `${plain.slice(0, most - 1)}…` : plain).replace(unfit, "\ufffd");
}

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
