// Topics: the list, and one topic's messages, partitions and settings below it.

import { get, path } from "./api.js";
import { byId, element, keep, setAttribute, setHidden, setText, tableHead, tableRow } from "./dom.js";
import { count, cut, isKnown, plural, rate, unknown } from "./format.js";
import { makeMessages, makeProduce } from "./messages.js";

const shownMax = 500;
const partitionsMax = 2000;

const columns = [
  { name: "name", label: "Topic", class: "name" },
  { name: "partitions", label: "Partitions", class: "number" },
  { name: "replicas", label: "Replicas", class: "number", title: "Replication factor" },
  { name: "minISR", label: "Min ISR", class: "number", title: "min.insync.replicas" },
  { name: "health", label: "State", class: "nowrap", width: 19 },
  { name: "events", label: "Events", class: "number", width: 13, title: "Between the first and the last offset that is kept" },
  { name: "rate", label: "Events/s", class: "number", width: 7 },
];

let topics = [];
let isLost = false; // nobody could be asked in the latest round
let about = {};
let open; // name of the topic that is shown
let panel;

export function startTopics() {
  tableHead(byId("topics-head"), columns);
  byId("topics-search").addEventListener("input", show);
  byId("topics-internal").addEventListener("change", show);
}

export function showTopics(model, newAbout) {
  topics = model.topics;
  isLost = model.verdict.word === "unknown";
  about = newAbout;
  show();
}

function show() {
  const wanted = byId("topics-search").value.toLowerCase();
  const internal = byId("topics-internal").checked;
  const matching = topics.filter((topic) => (internal || !topic.isInternal) && topic.name.toLowerCase().includes(wanted));
  const shown = matching.slice(0, shownMax);
  const rest = matching.length - shown.length;
  const total = isLost && topics.length === 0 ? "" : plural(topics.length, "topic");
  setText(byId("topics-summary"), `${total}${isLost && total ? ", as last known" : ""}${rest > 0 ? `; ${rest} more match, narrow the filter` : ""}`);
  setHidden(byId("topics-table"), shown.length === 0);
  setHidden(byId("topics-empty"), shown.length > 0);
  setText(byId("topics-empty"), topics.length === 0 ? (isLost ? "Not known: no broker answers." : "No topics.") : `None of ${plural(topics.length, "topic")} matches; internal ones are shown on request.`);
  keep(byId("topics-rows"), shown, (topic) => topic.name, makeRow, showRow);
  if (open !== undefined && panel) setHidden(panel.tabs.produce.tab, !about.allowActions);
}

function makeRow(topic) {
  const row = tableRow(columns, "name");
  row.button = element("button", { type: "button", class: "disclosure", "aria-expanded": "false", "aria-controls": "topic", onclick: () => toggle(topic.name) },
    element("i", { class: "chevron", "aria-hidden": "true" }), element("span", { text: cut(topic.name, 249) }));
  row.named.name.append(row.button);
  return row;
}

function showRow(row, topic) {
  const { named } = row;
  setAttribute(row.button, "aria-expanded", topic.name === open);
  setText(named.partitions, count(topic.partitions));
  setText(named.replicas, count(topic.replicationFactor));
  setText(named.minISR, count(topic.minISR));
  const state = isLost ? [undefined, unknown] : topic.offline > 0 ? ["bad", `${count(topic.offline)} offline`]
    : topic.underReplicated > 0 ? ["warn", `${count(topic.underReplicated)} under-replicated`] : [undefined, "whole"];
  setText(named.health, state[1]);
  setAttribute(named.health, "data-tone", state[0]);
  setText(named.events, count(topic.events));
  setText(named.rate, rate(topic.eventsInPerSecond));
}

// One topic

function toggle(name) {
  open = open === name ? undefined : name;
  const box = byId("topic");
  panel = undefined;
  box.replaceChildren();
  setHidden(box, open === undefined);
  show();
  if (open === undefined) return;
  panel = makePanel(name);
  box.append(...panel.parts);
  load(name, panel);
  box.scrollIntoView({ block: "nearest" });
}

/** The focus goes back to where it was opened. */
function close(name) {
  toggle(name);
  byId("topics-rows").kept.get(name)?.button.focus();
}

function makePanel(name) {
  const tabs = {};
  const list = element("div", { class: "segments", role: "tablist", "aria-label": `Topic ${cut(name, 100)}` });
  const messages = makeMessages(name);
  const produce = makeProduce(name);
  const contents = { messages: ["Messages", messages.node], partitions: ["Partitions", element("div")], settings: ["Settings", element("div")], produce: ["Produce", produce.node] };
  for (const [key, [label, content]] of Object.entries(contents)) {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, text: label, onclick: () => select(tabs, key) });
    const body = element("div", { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}`, class: "topic-panel" }, content);
    tabs[key] = { tab, body, content };
    list.append(tab);
  }
  list.addEventListener("keydown", (event) => {
    const shown = Object.keys(tabs).filter((key) => !tabs[key].tab.hidden);
    const now = shown.findIndex((key) => tabs[key].tab === document.activeElement);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    const key = shown[(next + shown.length) % shown.length];
    select(tabs, key);
    tabs[key].tab.focus();
  });
  tabs.produce.tab.hidden = !about.allowActions;
  select(tabs, "messages");
  messages.read();
  const head = element("div", { class: "topic-head" }, element("h3", { text: cut(name, 249) }),
    element("button", { type: "button", class: "small quiet", "aria-label": `Close topic ${cut(name, 100)}`, text: "Close", onclick: () => close(name) }), list);
  return { tabs, messages, produce, parts: [head, ...Object.values(tabs).map((tab) => tab.body)] };
}

function select(tabs, key) {
  for (const [name, { tab, body }] of Object.entries(tabs)) {
    setAttribute(tab, "aria-selected", name === key);
    setAttribute(tab, "tabindex", name === key ? 0 : -1);
    setHidden(body, name !== key);
  }
}

async function load(name, into) {
  try {
    const topic = await get(path("topics", name));
    if (into !== panel) return;
    into.messages.partitions(topic.partitions.length);
    into.tabs.settings.content.replaceChildren(settingsTable(topic.settings));
    into.tabs.partitions.content.replaceChildren(partitionsTable(topic.partitions));
  } catch (error) {
    for (const key of ["settings", "partitions"]) {
      into.tabs[key].content.replaceChildren(element("p", { class: "empty", text: `The topic cannot be read: ${error.message}` }));
    }
  }
}

function table(heads, rows) {
  const line = (tag, cells, scope) => element("tr", {}, ...cells.map(([text, kind]) => element(tag, { class: kind, scope, text })));
  return element("div", { class: "scroll limited", tabindex: "0", role: "region", "aria-label": "Table" },
    element("table", {}, element("thead", {}, line("th", heads, "col")), element("tbody", {}, ...rows.map((cells) => line("td", cells)))));
}

function settingsTable(settings) {
  return table([["Setting"], ["Value"], ["From"]],
    settings.slice(0, 500).map((setting) => [[cut(setting.name, 200), "mono"], [cut(setting.value ?? unknown, 500), "mono name"], [cut(setting.source ?? unknown, 60)]]));
}

function partitionsTable(partitions) {
  return table(
    [["Partition", "number"], ["Leader", "number"], ["Epoch", "number"], ["Replicas"], ["In sync"], ["First offset", "number"], ["End", "number"], ["Events", "number"]],
    partitions.slice(0, partitionsMax).map((partition) => [
      [String(partition.id), "number"], [partition.leader < 0 ? "none" : String(partition.leader), "number"], [count(partition.leaderEpoch), "number"],
      [partition.replicas.join(", ")], [partition.isr.join(", ") || "none"], [count(partition.start), "number"], [count(partition.end), "number"],
      [isKnown(partition.start) && isKnown(partition.end) ? count(partition.end - partition.start) : unknown, "number"],
    ]));
}
