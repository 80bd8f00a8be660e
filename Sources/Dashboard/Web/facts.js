// Below the brokers' table: the quorum, the canary through every broker, and errors by code, each in one line.

import { byId, element, keep, setAttribute, setText } from "./dom.js";
import { count, cut, isKnown, latency, plural, rate } from "./format.js";

const listedMax = 12;

const facts = [
  ["tolerance", "Tolerance", "How many further brokers may die before writes are refused or no controller is found, and why", tolerance],
  ["quorum", "Quorum", "The controllers that vote, and how many records each is behind the leader", quorum],
  ["canary", "Test events", "Written with acks=all and read back once a second through every broker", canary],
  ["errors", "Errors now", "Per second, by Kafka's name of the code", errors],
];

export function showFacts(model) {
  keep(byId("facts"), facts, ([name]) => name, ([, label, title]) => {
    const row = element("div", { title }, element("dt", { text: label }), element("dd"));
    return row;
  }, (row, [, , , read]) => {
    const { text, tone } = read(model);
    setText(row.lastChild, text);
    setAttribute(row, "data-tone", tone);
  });
}

function tolerance({ tolerance: { failures, writesBlocked, reason } }) {
  const most = writesBlocked === true ? "writes are refused" : isKnown(failures) ? `${plural(failures, "further failure")}` : "unknown";
  return { text: `${most}: ${cut(reason, 400)}`, tone: writesBlocked === true || failures === 0 ? "warn" : undefined };
}

function quorum({ controller }) {
  if (!isKnown(controller.id) && controller.voters.length === 0) return { text: "unknown" };
  const voters = controller.voters.slice(0, listedMax).map((voter) =>
    voter.id === controller.id ? `${voter.id} (leads)` : `${voter.id} (${isKnown(voter.lag) ? `${count(voter.lag)} behind` : "unknown"})`);
  const observers = controller.observers.length ? `; ${plural(controller.observers.length, "observer")}` : "";
  const epoch = isKnown(controller.leaderEpoch) ? `epoch ${count(controller.leaderEpoch)}` : "epoch unknown";
  const mark = isKnown(controller.highWatermark) ? `, high watermark ${count(controller.highWatermark)}` : "";
  return { text: `${epoch}${mark}; voters ${voters.join(", ") || "unknown"}${observers}` };
}

function canary({ canary: { brokers, endToEndPercentile99 } }) {
  if (brokers.length === 0) return { text: "unknown" };
  const each = brokers.slice(0, listedMax).map((broker) => {
    if (broker.ok === undefined) return `broker ${broker.id}: unknown`;
    if (!broker.ok) return `broker ${broker.id}: fails${broker.error === undefined ? "" : ` (${cut(broker.error, 80)})`}`;
    return `broker ${broker.id}: ${latency(broker.produceMilliseconds)} / ${latency(broker.endToEndMilliseconds)}`;
  });
  return { text: `acknowledged / read back after: ${each.join("; ")}; p99 read back ${latency(endToEndPercentile99)}`, tone: brokers.some((broker) => broker.ok === false) ? "warn" : undefined };
}

function errors({ traffic, canary: { brokers } }) {
  const found = traffic.errorsPerSecond.filter((entry) => entry.perSecond > 0);
  // No errors are a fact only where someone looked.
  if (found.length === 0) return { text: brokers.some((broker) => broker.ok !== undefined) ? "none" : "unknown" };
  return { text: found.slice(0, listedMax).map((entry) => `${cut(entry.code, 60)} ${rate(entry.perSecond)}/s`).join(", "), tone: "warn" };
}
