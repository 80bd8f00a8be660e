// The state machine of a broker, drawn: states, the ways between them, and each broker's dot in its state.

import { byId, setAttribute, setText, svg } from "./dom.js";
import { clock } from "./format.js";

export const states = {
  STARTING: { tone: "warn", icon: "stale", label: "STARTING" },
  RECOVERING: { tone: "warn", icon: "degraded", label: "RECOVERING" },
  RUNNING: { tone: "good", icon: "healthy", label: "RUNNING" },
  LEADER_ELECTION: { tone: "warn", icon: "degraded", label: "LEADER ELECTION" },
  SHUTDOWN: { tone: "idle", icon: "info", label: "SHUTDOWN" },
  FAILED: { tone: "bad", icon: "unavailable", label: "FAILED" },
  UNKNOWN: { tone: "idle", icon: "unknown", label: "UNKNOWN" },
};

export const stateOf = (broker) => (Object.hasOwn(states, broker.state) ? broker.state : "UNKNOWN");

const height = 52;
const dotRadius = 10.5;
const dotsMax = 4;
const recent = 10_000; // a way that was just gone is drawn strong for so long

/** Two drawings of the same machine; the narrow one stands upright. Ways: from, to, path. */
const layouts = {
  wide: {
    box: [564, 282], width: 136, frame: [6, 6, 552, 178],
    places: { STARTING: [20, 24], RECOVERING: [214, 24], RUNNING: [408, 24], LEADER_ELECTION: [311, 116], UNKNOWN: [20, 116], SHUTDOWN: [214, 212], FAILED: [408, 212] },
    ways: [
      ["STARTING", "RECOVERING", "M156 50H210"],
      ["RECOVERING", "RUNNING", "M350 42H404"],
      ["RUNNING", "RECOVERING", "M408 58H354"],
      ["RECOVERING", "LEADER_ELECTION", "M312 76 334 112"],
      ["RUNNING", "LEADER_ELECTION", "M446 76 424 112"],
      ["LEADER_ELECTION", "RUNNING", "M447 142Q492 138 494 80"],
      ["LEADER_ELECTION", "RECOVERING", "M311 142Q266 138 264 80"],
      ["any", "SHUTDOWN", "M282 184V208"],
      ["any", "FAILED", "M476 184V208"],
      ["SHUTDOWN", "STARTING", "M214 238H106V80"],
      ["FAILED", "STARTING", "M476 264V274H70V80"],
    ],
  },
  narrow: {
    box: [350, 346], width: 130, frame: [20, 6, 310, 246],
    places: { STARTING: [34, 18], RECOVERING: [34, 102], RUNNING: [186, 102], LEADER_ELECTION: [110, 186], UNKNOWN: [186, 18], SHUTDOWN: [34, 282], FAILED: [186, 282] },
    ways: [
      ["STARTING", "RECOVERING", "M99 70V98"],
      ["RECOVERING", "RUNNING", "M164 120H182"],
      ["RUNNING", "RECOVERING", "M186 136H168"],
      ["RECOVERING", "LEADER_ELECTION", "M122 154 136 182"],
      ["RUNNING", "LEADER_ELECTION", "M228 154 214 182"],
      ["LEADER_ELECTION", "RUNNING", "M240 212Q280 210 282 158"],
      ["LEADER_ELECTION", "RECOVERING", "M110 212Q70 210 68 158"],
      ["any", "SHUTDOWN", "M99 252V278"],
      ["any", "FAILED", "M251 252V278"],
      ["SHUTDOWN", "STARTING", "M34 308H9V44H30"],
      ["FAILED", "STARTING", "M316 308H341V60H168"],
    ],
  },
};

let drawn; // name of the layout that is drawn
const nodes = new Map();
const ways = [];
const dots = new Map();
let isNarrow; // as last measured: asking for it in every update would make the browser lay out the page
let shown; // what to draw again when that changes

export function startMachine() {
  new ResizeObserver(([entry]) => {
    const narrow = entry.contentRect.width < 430;
    if (narrow === isNarrow) return;
    isNarrow = narrow;
    if (shown) showMachine(...shown);
  }).observe(byId("machine").parentElement);
}

export function showMachine(brokers, now) {
  shown = [brokers, now];
  const picture = byId("machine");
  isNarrow ??= picture.parentElement.clientWidth < 430;
  const name = isNarrow ? "narrow" : "wide";
  if (drawn !== name) draw(picture, name);
  const layout = layouts[name];

  const inState = grouped(brokers);
  for (const [state, node] of nodes) {
    const here = inState[state] ?? [];
    setAttribute(node.group, "class", here.length ? `state occupied tone-${states[state].tone}` : "state");
    if (state === "UNKNOWN") setAttribute(node.group, "visibility", here.length ? "visible" : "hidden");
    setText(node.more, here.length > dotsMax ? `+${here.length - dotsMax}` : "");
    const [x, y] = layout.places[state];
    const shown = here.slice(0, dotsMax);
    const step = dotRadius * 2 + 5;
    shown.forEach((broker, index) => place(broker, x + layout.width / 2 + (index - (shown.length - 1) / 2) * step, y + 35));
    for (const broker of here.slice(dotsMax)) remove(broker.id);
  }
  const known = new Set(brokers.map((broker) => broker.id));
  for (const id of dots.keys()) if (!known.has(id)) remove(id);

  for (const way of ways) {
    const gone = brokers.some((broker) => now - broker.stateSince < recent && broker.state === way.to
      && (way.from === "any" || broker.history[1]?.state === way.from));
    setAttribute(way.path, "class", gone ? "way recent" : "way");
    setAttribute(way.path, "marker-end", gone ? "url(#arrow-recent)" : "url(#arrow)");
  }
  const text = brokers.map((broker) => `broker ${broker.id} ${states[stateOf(broker)].label} since ${clock(broker.stateSince)}`);
  setText(byId("machine-text"), `State machine of the brokers: ${text.slice(0, 30).join(", ")}.`);
}

function grouped(brokers) {
  const found = {};
  for (const broker of brokers) (found[stateOf(broker)] ??= []).push(broker);
  return found;
}

function place(broker, x, y) {
  let dot = dots.get(broker.id);
  if (!dot) {
    dot = svg("g", { class: "dot" }, svg("circle", { r: dotRadius }), svg("text", { y: 4, text: String(broker.id) }));
    dots.set(broker.id, dot);
    byId("machine").append(dot);
  }
  setAttribute(dot, "class", `dot tone-${states[stateOf(broker)].tone}${broker.isController ? " controller" : ""}`);
  const transform = `translate(${x}px, ${y}px)`;
  if (dot.style.transform !== transform) dot.style.transform = transform;
}

function remove(id) {
  dots.get(id)?.remove();
  dots.delete(id);
}

function draw(picture, name) {
  const layout = layouts[name];
  drawn = name;
  nodes.clear();
  dots.clear();
  ways.length = 0;
  picture.setAttribute("viewBox", `0 0 ${layout.box.join(" ")}`);
  const [x, y, width, frameHeight] = layout.frame;
  picture.replaceChildren(
    svg("defs", {}, arrow("arrow"), arrow("arrow-recent")),
    svg("rect", { class: "alive", x, y, width, height: frameHeight, rx: 12 }),
  );
  for (const [from, to, path] of layout.ways) {
    const line = svg("path", { class: "way", d: path });
    ways.push({ from, to, path: line });
    picture.append(line);
  }
  for (const [state, [left, top]] of Object.entries(layout.places)) {
    const more = svg("text", { class: "more", x: left + layout.width - 14, y: top + 39 });
    const group = svg("g", { class: "state" },
      svg("rect", { x: left, y: top, width: layout.width, height, rx: 8 }),
      svg("text", { x: left + layout.width / 2, y: top + 16, text: states[state].label }), more);
    nodes.set(state, { group, more });
    picture.append(group);
  }
}

const arrow = (id) => svg("marker", { id, viewBox: "0 0 8 8", refX: 5, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
  svg("path", { class: id, d: "M0 .6 7 4 0 7.4z" }));
