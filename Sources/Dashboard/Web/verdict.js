// The verdict: one word with its icon and colour, and the sentence. Stale and never-connected win over everything
// else, because an old "healthy" is worse than no answer.

import { byId, element, icon, keep, setAttribute, setHidden, setText } from "./dom.js";
import { clock, clockOrDate, cut, isKnown, span } from "./format.js";

const words = { healthy: "Healthy", degraded: "Degraded", unavailable: "Unavailable", unknown: "Unknown" };
const reasonsMax = 6;
const severityIcons = { critical: "unavailable", warning: "degraded", info: "info" };

let heard; // what was read out last: the word, the reasons that a person should know of, and the failures tolerated

export function showVerdict(model, connection, age, now, trouble) {
  const state = shown(model, connection, age, now, trouble);
  const root = document.documentElement;
  setAttribute(root, "data-verdict", state.word);
  setAttribute(root, "data-connection", connection === "absent" ? "stale" : connection);
  setAttribute(byId("verdict-icon"), "href", `#icon-${state.icon}`);
  setText(byId("verdict-word"), state.title);
  setText(byId("verdict-since"), state.since === undefined ? "" : `for ${span(now - state.since)}, since ${clockOrDate(state.since, now)}`);
  setText(byId("verdict-sentence"), state.sentence);
  setText(byId("freshness-text"), freshness(connection, age));

  // The sentence is made of reasons; the list has those that it leaves out.
  const untold = connection === "live" ? model.verdict.reasons.filter((reason) => !model.verdict.sentence.includes(reason.text)) : [];
  const reasons = untold.slice(0, reasonsMax);
  const list = byId("verdict-reasons");
  setHidden(list, reasons.length === 0);
  const nth = new Map(); // several brokers may be down, with one code
  keep(list, reasons, (reason) => {
    nth.set(reason.code, (nth.get(reason.code) ?? 0) + 1);
    return `${reason.code} ${reason.severity} ${nth.get(reason.code)}`;
  }, (reason) =>
    element("li", {}, icon(severityIcons[reason.severity] ?? "info", reason.severity), element("span")),
    (item, reason) => setText(item.lastChild, inLocalTime(cut(reason.text, 300), model.at)));
  const unwell = connection === "live" && hasRemedy(model);
  setHidden(byId("verdict-link"), !unwell);
  setHidden(byId("nav-remedy"), !unwell);
  const title = `${state.title} · StreamSocial`;
  if (document.title !== title) document.title = title;

  announce(state, connection === "live" ? model : undefined);
}

/** Reads out what is new: another word, a further reason, the last reserve gone. Never the seconds that pass in a sentence. */
function announce(state, model) {
  const reasons = (model?.verdict.reasons ?? []).filter((reason) => reason.severity !== "info");
  const now = { title: state.title, reasons: new Set(reasons.map(identity)), failures: model?.tolerance.failures ?? heard?.failures };
  const before = heard;
  heard = now;
  if (before?.title !== now.title) {
    byId("verdict-announcement").textContent = `${state.title}. ${state.sentence}`;
    return;
  }
  const fresh = reasons.filter((reason) => !before.reasons.has(identity(reason)));
  const words = fresh.slice(0, reasonsMax).map((reason) => inLocalTime(cut(reason.text, 300), model.at));
  const isSpent = now.failures === 0 && isKnown(before.failures) && before.failures > 0;
  if (isSpent && !fresh.some((reason) => reason.code === "at-min-isr")) words.push("no further failure tolerated");
  if (words.length) byId("verdict-announcement").textContent = `${state.title}: ${words.join("; ")}.`;
}

/** A reason is the same one while its code and the broker that it begins with are; numbers and times in it change. */
const identity = (reason) => `${reason.code} ${/^broker \d+/.exec(reason.text)?.[0] ?? ""}`;

export const hasRemedy = (model) =>
  model.verdict.word !== "healthy" && (model.nextCommands.length > 0 || model.troubledPartitions.length > 0);

function shown(model, connection, age, now, trouble) {
  const why = trouble === undefined ? "the dashboard's server sends nothing" : `the dashboard's server says: ${trouble}`;
  if (!model) {
    return connection === "absent"
      ? { word: "unknown", icon: "stale", title: "No data", sentence: `Trying again every second; ${why}.` }
      : { word: "unknown", icon: "unknown", title: "Connecting", sentence: "Nothing is known of the cluster yet." };
  }
  if (connection === "stale") {
    return {
      word: "unknown", icon: "stale", title: "Stale",
      sentence: `Data is ${span(age)} old: ${why}. What is below was so at ${clockOrDate(model.at, now)}; the last word was “${words[model.verdict.word] ?? "Unknown"}”.`,
    };
  }
  const word = words[model.verdict.word] ? model.verdict.word : "unknown";
  return { word, icon: word, title: words[word], since: model.verdict.since, sentence: inLocalTime(withoutWord(model.verdict.sentence), model.at) };
}

/** The sentence begins with the word and how long, which the headline above it says already. */
function withoutWord(sentence) {
  const fit = cut(sentence, 1000);
  const rest = fit.replace(/^[A-Z]+( for [^:]*)?:\s*/, "");
  return rest === "" ? fit : rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** Times of day in sentences are UTC; everything else on the page is this browser's time, so they become that too. */
function inLocalTime(text, at) {
  return text.replace(/\b(\d\d):(\d\d):(\d\d) UTC\b/g, (_, hour, minute, second) => {
    const time = new Date(at);
    time.setUTCHours(Number(hour), Number(minute), Number(second), 0);
    return clock(time.getTime());
  });
}

function freshness(connection, age) {
  if (connection === "live") return age < 1500 ? "live" : `${span(age)} old`;
  if (connection === "connecting") return "connecting…";
  return age === undefined ? "no data" : `stale, ${span(age)} old`;
}
