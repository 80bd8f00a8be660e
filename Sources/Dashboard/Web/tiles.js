// Eight figures: left who is alive, right how bad it is for the data and for users. A tile's colour is never alone:
// an icon says the same, and "unknown" has a look of its own.

import { byId, element, icon, setAttribute, setText } from "./dom.js";
import { count, cut, isKnown, latency, plural, rate, unknown } from "./format.js";

const icons = { good: "healthy", warn: "degraded", bad: "unavailable", unknown: "unknown" };

/** name, what it is, and from a model: value, small print, tone. */
const tiles = [
  ["brokers", "Brokers", "Brokers that take part, of those expected", (model) => {
    const all = model.brokers.length;
    if (all === 0) return absent("none seen yet");
    const doubtful = model.brokers.filter((broker) => broker.state === "UNKNOWN").length;
    // Silence of all of them may be the monitor's own: that is not known to be none.
    if (doubtful === all || model.verdict.word === "unknown") return { value: unknown, of: `/${all}`, note: "no broker answers", tone: "unknown" };
    const serving = model.brokers.filter(takesPart).length;
    const gone = model.brokers.filter((broker) => !alives.has(broker.state));
    const isWhole = model.brokers.every((broker) => broker.state === "RUNNING");
    return {
      value: count(serving), of: `/${all}`, note: isWhole ? "all of them serve" : unwell(model.brokers, gone),
      tone: isWhole ? "good" : serving === 0 || (gone.length > 0 && serving * 2 <= all) ? "bad" : "warn",
    };
  }],
  ["controller", "Controller", "The active controller of the KRaft quorum", (model) => {
    if (isKnown(model.controller.id)) {
      return { value: count(model.controller.id), note: isKnown(model.controller.leaderEpoch) ? `epoch ${count(model.controller.leaderEpoch)}` : "epoch unknown", tone: "good" };
    }
    const none = model.verdict.word === "unavailable" && model.verdict.reasons.some((reason) => reason.code === "no-controller" || reason.code === "unreachable");
    return none ? { value: "none", note: "no leader of the quorum", tone: "bad" } : absent("cannot be asked");
  }],
  ["tolerance", "Failures tolerated", "How many further brokers may die before writes are refused", (model) => {
    const { failures, writesBlocked } = model.tolerance;
    const reason = cut(model.tolerance.reason, 400);
    if (writesBlocked === true) return { value: "blocked", note: "writes are refused now", title: reason, tone: "bad" };
    if (!isKnown(failures)) return absent(cut(model.tolerance.reason.split("; ")[0], 200));
    // Topics without a replica to spare are not counted, and are told: why is below the brokers' table.
    const bare = model.topics.filter((topic) => topic.replicationFactor <= topic.minISR).length;
    const most = failures === 0 ? "one more stops writes" : failures === 1 ? "any one broker may fail" : `any ${failures} brokers may fail`;
    return { value: count(failures), note: bare ? `${most}; ${plural(bare, "topic")} without spare` : most, title: reason, tone: failures === 0 ? "warn" : "good" };
  }],
  ["offline", "Offline", "Partitions without a leader", (model) => {
    // A change of leader may take a moment before it counts as an outage; green it is not.
    const waiting = model.partitions.offline === 0 && model.verdict.reasons.find((reason) => reason.code === "offline-partitions");
    return waiting ? { value: "0", note: cut(waiting.text, 100), tone: "warn" } : ofTotal(model, model.partitions.offline, "bad");
  }],
  ["undermin", "Under min ISR", "Partitions that refuse acks=all writes", (model) => ofTotal(model, model.partitions.underMinISR, "bad")],
  ["underreplicated", "Under-replicated", "Partitions with replicas that are not in sync", (model) => ofTotal(model, model.partitions.underReplicated, "warn")],
  ["events", "Events/s", "Events written per second", (model) => {
    const { eventsInPerSecond: value, targetPerSecond: target } = model.traffic;
    if (!isKnown(value)) return absent(model.brokers.some((broker) => alives.has(broker.state)) ? "not measured yet" : "nobody can be asked");
    if (!isKnown(target)) return { value: rate(value), note: isKnown(model.traffic.eventsOutPerSecond) ? `out ${rate(model.traffic.eventsOutPerSecond)}/s` : "out unknown", tone: undefined };
    const share = target > 0 ? value / target : 1;
    return { value: rate(value), note: `target ${rate(target)}`, tone: share >= 0.95 ? "good" : share >= 0.5 ? "warn" : "bad" };
  }],
  ["p99", "Produce p99", "Time until an acks=all write is acknowledged, by the canary, over ten seconds", (model) => {
    const value = model.canary.producePercentile99;
    if (!isKnown(value)) return absent("the canary has no answer");
    // The figure is of ten seconds: what was quick before an outage says nothing of now.
    const { brokers } = model.canary;
    if (!brokers.some((broker) => broker.ok !== undefined)) return absent("no answer now");
    if (!brokers.some((broker) => broker.ok)) return { value: unknown, note: "no test event comes through", tone: "bad" };
    const slow = model.verdict.reasons.find((reason) => reason.code === "canary-slow" || reason.code === "canary-failing");
    return { value: latency(value), note: `max ${latency(model.canary.produceMax)}`, tone: slow ? (slow.severity === "critical" ? "bad" : "warn") : "good" };
  }],
];

// A broker that starts is not there for anyone yet.
const alives = new Set(["RECOVERING", "RUNNING", "LEADER_ELECTION"]);
/** Who recovers may be fenced still, or a member whose replicas are behind: only one with something in sync serves anyone. */
const takesPart = (broker) =>
  alives.has(broker.state) && (broker.state !== "RECOVERING" || broker.leaders > 0 || broker.inSyncReplicas > 0);

/** "not there: 2; recovering: 1, 3". */
function unwell(brokers, gone) {
  const inState = (state) => brokers.filter((broker) => broker.state === state);
  return [["not there", gone], ["recovering", inState("RECOVERING")], ["electing", inState("LEADER_ELECTION")]]
    .filter(([, those]) => those.length > 0)
    .map(([word, those]) => `${word}: ${those.slice(0, 8).map((broker) => broker.id).join(", ")}`).join("; ");
}

const absent = (note) => ({ value: unknown, note, tone: "unknown" });

function ofTotal(model, value, tone) {
  if (!isKnown(value)) return absent("unknown");
  const total = model.partitions.total;
  return { value: count(value), note: isKnown(total) ? `of ${plural(total, "partition")}` : "of an unknown total", tone: value > 0 ? tone : "good" };
}

const made = new Map();

export function showTiles(model) {
  if (made.size === 0) make();
  for (const [name, , , read] of tiles) {
    const { value, of, note, title, tone } = model ? read(model) : absent("no data yet");
    const parts = made.get(name);
    setText(parts.value, value);
    setText(parts.of, of ?? "");
    setText(parts.note, note ?? "");
    setAttribute(parts.note, "title", title ?? note);
    setAttribute(parts.tile, "data-tone", tone);
    if (parts.tone !== tone) {
      parts.tone = tone;
      parts.icon.replaceChildren(...(tone ? [icon(icons[tone], { good: "good", warn: "warning", bad: "critical", unknown: "unknown" }[tone])] : []));
    }
  }
}

function make() {
  for (const [name, label, meaning] of tiles) {
    const parts = { value: element("span"), of: element("small"), note: element("dd", { class: "note" }), icon: element("i") };
    parts.tile = element("div", { class: "tile", id: `tile-${name}`, title: meaning },
      element("dt", {}, element("span", { text: label }), parts.icon),
      element("dd", { class: "figure" }, parts.value, parts.of), parts.note);
    made.set(name, parts);
    byId("tiles").append(parts.tile);
  }
}
