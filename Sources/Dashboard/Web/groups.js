// Consumer groups: how far behind, whether that grows, and when it would be done. Per-partition detail on demand.

import { get, path } from "./api.js";
import { byId, element, icon, keep, setAttribute, setHidden, setPill, setText, svg, tableHead, tableRow } from "./dom.js";
import { count, cut, isKnown, lagSpan, plural, rate, span, unknown } from "./format.js";

const shownMax = 300;
const partitionsMax = 2000;
const historyMax = 120; // seconds of lag in the small line
const refreshEvery = 2000;

const columns = [
  { name: "name", label: "Group", class: "name" },
  { name: "progress", label: "Verdict", width: 25, title: "From the trend of commits and lag, never from a limit on lag" },
  { name: "lag", label: "Lag", class: "number", width: 10, title: "Events not yet committed" },
  { name: "seconds", label: "Behind", class: "number", width: 11, title: "Age of the oldest event not yet committed" },
  { name: "trend", label: "Trend", width: 21, title: "Lag over the last two minutes, and its change per second" },
  { name: "consumed", label: "Reads/s", class: "number", width: 7 },
  { name: "clear", label: "Time to clear", class: "number", width: 13 },
  { name: "members", label: "Members", class: "number" },
  { name: "state", label: "State", width: 19 },
];

const verdicts = {
  OK: ["good", "healthy"], WARN: ["warn", "degraded"], STALLED: ["bad", "unavailable"], STOPPED: ["bad", "unavailable"], UNKNOWN: ["idle", "unknown"],
};
const verdictOf = (progress) => (Object.hasOwn(verdicts, progress) ? progress : "UNKNOWN");

const histories = new Map(); // by group: lags, oldest first; undefined where unknown
let open; // name of the group whose partitions are shown
let detail;
let detailAt = -Infinity;
let shown; // the latest model and its time, to draw again when a group is opened
let seen = -1; // sequence of the model that the histories include

export function showGroups(model, now) {
  shown = [model, now];
  if (!byId("groups-head").firstChild) tableHead(byId("groups-head"), columns);
  const groups = model.groups.slice(0, shownMax);
  if (model.sequence !== seen) remember(groups, model.sequence);
  setHidden(byId("groups-empty"), groups.length > 0);
  setText(byId("groups-empty"), model.verdict.word === "unknown" ? "Not known: no broker answers." : "No consumer groups.");
  setHidden(byId("groups-table"), groups.length === 0);
  const behind = groups.filter((group) => !["OK", "UNKNOWN"].includes(verdictOf(group.progress))).length;
  const rest = model.groups.length - groups.length;
  setText(byId("groups-summary"), groups.length === 0 ? "" : `${plural(model.groups.length, "group")}${behind ? `, ${behind} not keeping up` : ""}${rest ? `; ${rest} more not shown` : ""}`);

  const rows = groups.flatMap((group) => (group.name === open ? [group, { detailOf: group.name }] : [group]));
  keep(byId("groups-rows"), rows, (row) => (row.detailOf === undefined ? `group ${row.name}` : `detail ${row.detailOf}`),
    (row) => (row.detailOf === undefined ? makeRow(row) : makeDetail()),
    (node, row) => (row.detailOf === undefined ? showRow(node, row, now) : undefined));
  if (open !== undefined && performance.now() - detailAt > refreshEvery) load(open);
}

function remember(groups, sequence) {
  seen = sequence;
  const names = new Set(groups.map((group) => group.name));
  for (const name of histories.keys()) if (!names.has(name)) histories.delete(name);
  for (const group of groups) {
    const history = histories.get(group.name) ?? [];
    history.push(group.lag);
    if (history.length > historyMax) history.shift();
    histories.set(group.name, history);
  }
}

function makeRow(group) {
  const row = tableRow(columns, "name");
  row.toggle = element("button", { type: "button", class: "disclosure", "aria-expanded": "false", onclick: () => toggle(group.name) },
    element("i", { class: "chevron", "aria-hidden": "true" }), element("span", { text: cut(group.name, 120) }));
  row.named.name.append(row.toggle);
  row.pill = element("span");
  row.since = element("span", { class: "since" });
  row.named.progress.append(element("div", { class: "state-line" }, row.pill, row.since));
  row.line = svg("path");
  row.arrow = element("span", { class: "trend-arrow" });
  row.change = element("span");
  row.named.trend.append(element("div", { class: "trend" },
    svg("svg", { class: "sparkline", viewBox: "0 0 80 20", preserveAspectRatio: "none", "aria-hidden": "true" }, row.line), row.arrow, row.change));
  return row;
}

function showRow(row, group, now) {
  const { named } = row;
  const progress = verdictOf(group.progress);
  setAttribute(row.toggle, "aria-expanded", group.name === open);
  setPill(row.pill, ...verdicts[progress], progress);
  setText(row.since, `for ${span(now - group.since)}`);
  setText(named.state, group.state === undefined ? unknown : cut(group.state, 40));
  setText(named.members, count(group.members));
  setText(named.lag, count(group.lag));
  setText(named.seconds, lagSpan(group.lagMilliseconds));
  setText(named.consumed, rate(group.consumedPerSecond));
  setText(named.clear, timeToClear(group));
  setAttribute(row.line, "d", sparkline(histories.get(group.name) ?? []));
  const trend = group.lagTrendPerSecond;
  const direction = !isKnown(trend) ? "" : trend > 1 ? "up" : trend < -1 ? "down" : "level";
  if (row.direction !== direction) {
    row.direction = direction;
    row.arrow.replaceChildren(...(direction ? [icon(direction, { up: "growing", down: "falling", level: "level" }[direction])] : []));
  }
  setText(row.change, isKnown(trend) ? `${trend > 0 ? "+" : ""}${rate(trend)}/s` : unknown);
}

function timeToClear({ timeToClear: time, lag, progress }) {
  if (isKnown(time)) return time > 0 && time < 1000 ? "< 1 s" : span(time);
  if (lag === 0) return "0 s";
  // Who reads as fast as others write always has something on the way.
  return isKnown(lag) ? (progress === "OK" ? "keeps up" : "does not fall") : unknown;
}

function sparkline(lags) {
  const most = lags.reduce((a, b) => Math.max(a, b ?? 0), 1);
  let text = "";
  let drawing = false;
  lags.forEach((lag, index) => {
    if (isKnown(lag)) {
      const x = 80 - (lags.length - 1 - index) * (80 / (historyMax - 1));
      text += `${drawing ? "L" : "M"}${x.toFixed(1)} ${(18.5 - (lag / most) * 17).toFixed(1)}`;
    }
    drawing = isKnown(lag);
  });
  return text;
}

// One group's partitions

function toggle(name) {
  open = open === name ? undefined : name;
  detail = undefined;
  detailAt = -Infinity;
  showGroups(...shown);
}

const detailColumns = ["Partition", "Verdict", "Committed", "End", "Lag", "Behind", "Client"];

function makeDetail() {
  const row = element("tr", { class: "detail" });
  const head = element("tr");
  detailColumns.forEach((name, index) => head.append(element("th", { scope: "col", class: index > 1 && index < 6 ? "number" : undefined, text: name })));
  detail = { body: element("tbody"), note: element("p", { class: "empty", text: "Reading…" }) };
  row.append(element("td", { colspan: columns.length }, element("table", {}, element("thead", {}, head), detail.body), detail.note));
  return row;
}

async function load(name) {
  detailAt = performance.now();
  let group;
  let failure;
  try {
    group = await get(path("groups", name));
  } catch (error) {
    failure = error;
  }
  if (open !== name || !detail) return;
  if (failure) {
    setText(detail.note, `The partitions cannot be read: ${failure.message}`);
    return;
  }
  const all = group.partitions ?? [];
  setText(detail.note, all.length > partitionsMax ? `${plural(all.length - partitionsMax, "more partition")} not shown.` : all.length ? "" : "Nothing committed and no members.");
  keep(detail.body, all.slice(0, partitionsMax), (entry) => `${entry.partition} ${entry.topic}`, () => {
    const row = element("tr");
    for (let index = 0; index < detailColumns.length; index += 1) row.append(element("td", { class: index > 1 && index < 6 ? "number" : index === 0 ? "name" : undefined }));
    row.pill = element("span");
    row.children[1].append(row.pill);
    return row;
  }, (row, entry) => {
    const cells = row.children;
    const progress = verdictOf(entry.progress);
    setText(cells[0], `${cut(entry.topic, 120)}-${entry.partition}`);
    setPill(row.pill, ...verdicts[progress], progress);
    setText(cells[2], count(entry.committed));
    setText(cells[3], count(entry.end));
    setText(cells[4], count(entry.lag));
    setText(cells[5], lagSpan(entry.lagMilliseconds));
    setText(cells[6], cut(entry.client ?? entry.member ?? unknown, 80));
  });
}
