// The brokers' table, beside their state machine; with --allow-actions a broker can be broken and mended from here.

import { path, post } from "./api.js";
import { confirm } from "./dialog.js";
import { byId, element, icon, keep, notice, setAttribute, setPill, setText, tableHead, tableRow } from "./dom.js";
import { bytes, clock, count, cut, isKnown, latency, rate, span, unknown } from "./format.js";
import { showMachine, stateOf, states } from "./machine.js";

const shownMax = 200;

const columns = [
  { name: "id", label: "Id", class: "number" },
  { name: "role", label: "Role", class: "nowrap", title: "In the KRaft quorum" },
  { name: "state", label: "State" },
  { name: "leaders", label: "Leads", class: "number", title: "Partitions that it leads" },
  { name: "insync", label: "In sync", class: "number", title: "Its replicas that are in sync, of those it has" },
  { name: "events", label: "Events/s", class: "number", width: 6 },
  { name: "bytes", label: "Bytes/s", class: "number", width: 8, title: "Bytes per second in and out" },
  { name: "p99", label: "p99", class: "number", width: 6, title: "The broker's own produce time, request in to reply out" },
  { name: "memory", label: "Memory", class: "number", width: 6.5 },
  { name: "disk", label: "Disk", class: "number", width: 6.5, title: "Size of its logs" },
  { name: "seen", label: "Last seen", class: "number", width: 9 },
  { name: "actions", label: "Actions", class: "actions" },
];

export function showBrokers(model, about, now) {
  if (!byId("brokers-head").firstChild) tableHead(byId("brokers-head"), columns);
  const mayAct = about.allowActions && about.canControlBrokers;
  setAttribute(byId("brokers-table"), "data-actions", mayAct ? "yes" : "no");
  setText(byId("brokers-summary"), summary(model));
  showMachine(model.brokers, now);
  keep(byId("brokers-rows"), model.brokers.slice(0, shownMax), (broker) => broker.id, makeRow, (row, broker) => {
    const { named } = row;
    setText(named.id, String(broker.id));
    setRole(named.role, broker);
    const state = stateOf(broker);
    setPill(row.pill, states[state].tone, states[state].icon, states[state].label);
    setText(row.why, `for ${span(now - broker.stateSince)}: ${cut(broker.transition, 120)}`);
    setAttribute(row.why, "title", `${cut(broker.transition, 400)}, at ${clock(broker.stateSince)}`);
    setText(named.leaders, count(broker.leaders));
    setText(named.insync, `${count(broker.inSyncReplicas)} / ${count(broker.replicas)}`);
    setAttribute(named.insync, "data-tone", broker.inSyncReplicas < broker.replicas ? "warn" : undefined);
    setText(named.events, rate(broker.eventsInPerSecond));
    const isCounted = isKnown(broker.bytesInPerSecond) || isKnown(broker.bytesOutPerSecond);
    setText(row.bytesIn, isCounted ? `in ${bytes(broker.bytesInPerSecond)}` : unknown);
    setText(row.bytesOut, isCounted ? `out ${bytes(broker.bytesOutPerSecond)}` : "");
    setText(named.p99, latency(broker.producePercentile99));
    setText(named.memory, bytes(broker.residentBytes));
    setAttribute(named.memory, "title", `${isKnown(broker.cpuCores) ? `${broker.cpuCores.toFixed(2)} cores busy` : "processor time unknown"}, ${isKnown(broker.openFiles) ? `${count(broker.openFiles)} open files` : "open files unknown"}`);
    setText(named.disk, bytes(broker.diskUsedBytes));
    setAttribute(named.disk, "title", isKnown(broker.diskFreeBytes) ? `${bytes(broker.diskFreeBytes)} free` : "free space unknown");
    setText(named.seen, lastSeen(now - broker.lastSeen));
    setAttribute(named.seen, "title", isKnown(broker.lastSeen) ? `answered at ${clock(broker.lastSeen)}` : "has not answered yet");
    if (mayAct) showActions(named.actions, broker);
    setAttribute(row.firstChild, "title", `${cut(`${broker.host ?? "host unknown"}:${broker.port ?? "?"}`, 200)}${broker.rack ? `, rack ${cut(broker.rack, 60)}` : ""}${isKnown(broker.processID) ? `, process ${broker.processID}` : ""}`);
  });
}

/** In one unit: the column keeps its width. */
function lastSeen(age) {
  if (!isKnown(age)) return "never";
  if (age < 3000) return "now";
  if (age < 60_000) return `${span(age)} ago`;
  return age < 3_600_000 ? `${Math.floor(age / 60_000)} min ago` : `${Math.floor(age / 3_600_000)} h ago`;
}

function summary(model) {
  const all = model.brokers.length;
  if (all === 0) return "none seen yet";
  if (model.verdict.word === "unknown") return `none of ${all} answers`;
  return `${model.brokers.filter((broker) => broker.state === "RUNNING").length} of ${all} running`;
}

function makeRow() {
  const row = tableRow(columns, "id");
  row.pill = element("span");
  row.why = element("span", { class: "why" });
  row.named.state.append(row.pill, row.why);
  row.bytesIn = element("div");
  row.bytesOut = element("div");
  row.named.bytes.append(row.bytesIn, row.bytesOut);
  return row;
}

function setRole(cell, broker) {
  const role = broker.isController ? "controller" : broker.isVoter === undefined ? unknown : broker.isVoter ? "voter" : "observer";
  if (cell.role === role) return;
  cell.role = role;
  cell.replaceChildren(...(role === "controller" ? [icon("crown"), " "] : []), role);
}

const actions = {
  kill: { label: "Kill", danger: true, text: (id) => `The process of broker ${id} ends at once (SIGKILL), as if its machine lost power.` },
  pause: { label: "Pause", danger: true, text: (id) => `Broker ${id} stops in its tracks (SIGSTOP) and answers nothing until it is resumed.` },
  resume: { label: "Resume", text: (id) => `Broker ${id} goes on where it was paused.` },
  start: { label: "Start", text: (id) => `Broker ${id} is started again with the data that it has.` },
};

function showActions(cell, broker) {
  const down = ["FAILED", "SHUTDOWN"].includes(broker.state);
  const offered = down ? ["start", "resume"] : broker.state === "UNKNOWN" ? Object.keys(actions) : ["kill", "pause"];
  const key = offered.join();
  if (cell.offered === key) return;
  cell.offered = key;
  const hadFocus = cell.contains(document.activeElement);
  cell.replaceChildren(...offered.map((name) => element("button", {
    type: "button", class: `small${actions[name].danger ? " danger" : ""}`, "aria-label": `${actions[name].label} broker ${broker.id}`,
    text: actions[name].label, onclick: () => act(name, broker.id),
  })));
  if (hadFocus) cell.firstChild.focus();
}

async function act(name, id) {
  const { label, text, danger } = actions[name];
  if (!(await confirm({ title: `${label} broker ${id}?`, text: text(id), button: `${label} broker ${id}`, danger }))) return;
  try {
    await post(path("brokers", String(id), name));
    notice(`${label} broker ${id}: on its way.`);
  } catch (error) {
    notice(`${label} broker ${id}: ${error.message}`);
  }
}
