// The partition map: one column a partition, one row a broker, a shape a role. Drawn on a canvas, because a thousand
// partitions are three thousand cells; a change redraws only the cells that changed.

import { byId, element, setAttribute, setHidden, setText, svg } from "./dom.js";
import { cut, isKnown, plural } from "./format.js";
import { cell, isTroubled, label, lay, left, livingISR, livingLeader, roleOf, roles, shape } from "./partition-layout.js";
import { colours, rootScale } from "./theme.js";

const font = '11px Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

const roomy = 1.35;
const words = ["no replica", "leader", "follower, in sync", "observer, not in sync", "offline"]; // by role

let map; // what came last
let plan; // where what is
let drawnRoles; // Uint8Array, as drawn
let width = 0;
let palette;
let onlyTroubled = false;
let isCurrent = true; // whether the latest round could ask for it
let pointed; // index of the partition under pointer or cursor

export function startPartitions() {
  byId("partitions-filter").addEventListener("change", (event) => {
    onlyTroubled = event.target.checked;
    pointed = undefined;
    redraw();
  });
  const canvas = byId("partitions-map");
  canvas.addEventListener("pointermove", (event) => point(at(event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerleave", () => point(undefined));
  canvas.addEventListener("focus", () => point(pointed ?? 0));
  canvas.addEventListener("blur", () => point(undefined));
  canvas.addEventListener("keydown", move);
  new ResizeObserver(() => {
    if (Math.abs(byId("partitions-stage").clientWidth - width) > 1) redraw();
  }).observe(byId("partitions-stage"));
  makeLegend();
}

export function partitionsThemeChanged() {
  palette = colours();
  redraw();
}

export function showPartitions(newMap) {
  const sameShape = map && plan && shape(map) === shape(newMap);
  map = newMap;
  if (!sameShape || onlyTroubled) redraw();
  else drawChanges();
  summarize();
}

/** While the cluster cannot be asked, the map is what it was; it says so and loses its colours. */
export function showPartitionsAge(model) {
  // Their number is remembered; what became of them is not known while nobody answers.
  const current = isKnown(model.partitions.underReplicated);
  if (current === isCurrent) return;
  isCurrent = current;
  setAttribute(byId("partitions-stage"), "data-current", current ? undefined : "no");
  if (map) summarize();
}

/** Larger where all of it finds room in one line. */
function fitted(width, scale) {
  const large = lay(map, width / (scale * roomy), onlyTroubled);
  if (large.lines.length === 1) return { ...large, scale: scale * roomy };
  return { ...lay(map, width / scale, onlyTroubled), scale };
}

function redraw() {
  if (!map) return;
  palette ??= colours();
  const canvas = byId("partitions-map");
  width = byId("partitions-stage").clientWidth;
  const scale = rootScale();
  plan = fitted(width, scale);
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(plan.height * plan.scale * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${plan.height * plan.scale}px`;
  setHidden(canvas, plan.height === 0);
  const context = canvas.getContext("2d");
  context.setTransform(ratio * plan.scale, 0, 0, ratio * plan.scale, 0, 0);
  context.font = font;
  context.fillStyle = palette.text;
  for (const { x, y, name } of plan.names) context.fillText(name, x, y);
  context.fillStyle = palette.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const y of plan.lines) {
    plan.brokers.forEach((id, row) => context.fillText(String(id), left - 7, y + row * cell + cell / 2));
  }
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  drawnRoles = new Uint8Array(plan.places.length * plan.brokers.length).fill(255);
  drawCells(context);
  describe();
}

/** The same places with new roles. */
function drawChanges() {
  let index = 0;
  for (const topic of map.topics) {
    for (const partition of topic.partitions) {
      if (index >= plan.places.length) break;
      plan.places[index].topic = topic;
      plan.places[index].partition = partition;
      index += 1;
    }
  }
  drawCells(byId("partitions-map").getContext("2d"));
  describe();
}

function drawCells(context) {
  let index = 0;
  for (const { partition, x, y } of plan.places) {
    for (let row = 0; row < plan.brokers.length; row += 1, index += 1) {
      const role = roleOf(partition, plan.brokers[row]);
      if (drawnRoles[index] === role) continue;
      drawnRoles[index] = role;
      context.clearRect(x, y + row * cell, cell, cell);
      drawRole(context, role, x, y + row * cell);
    }
  }
}

function drawRole(context, role, x, y) {
  const middle = cell / 2;
  if (role === roles.leader) {
    context.fillStyle = palette["role-leader"];
    context.fillRect(x + 1.5, y + 1.5, cell - 3, cell - 3);
  } else if (role === roles.follower) {
    context.fillStyle = palette["role-follower"];
    context.beginPath();
    context.arc(x + middle, y + middle, 3.4, 0, 7);
    context.fill();
  } else if (role === roles.observer) {
    context.strokeStyle = palette["role-observer"];
    context.lineWidth = 1.8;
    context.stroke(new Path2D(`M${x + middle} ${y + 2.2} ${x + cell - 2} ${y + cell - 2.4}H${x + 2}Z`));
  } else if (role === roles.offline) {
    context.strokeStyle = palette["role-offline"];
    context.lineWidth = 2.2;
    context.stroke(new Path2D(`M${x + 3} ${y + 3}l7 7m0-7-7 7`));
  }
}

function makeLegend() {
  const shapes = {
    leader: svg("rect", { x: 1.5, y: 1.5, width: 10, height: 10 }),
    follower: svg("circle", { cx: 6.5, cy: 6.5, r: 3.4 }),
    observer: svg("path", { d: "M6.5 2.2 11 10.6H2Z" }),
    offline: svg("path", { d: "M3 3l7 7m0-7-7 7" }),
  };
  const names = { leader: "leader", follower: "follower in sync", observer: "observer, lagging", offline: "offline" };
  for (const [role, name] of Object.entries(names)) {
    byId("partitions-legend").append(element("li", {}, svg("svg", { class: `role ${role}`, viewBox: "0 0 13 13", "aria-hidden": "true" }, shapes[role]), name));
  }
}

function summarize() {
  let total = 0;
  let troubled = 0;
  for (const topic of map.topics) {
    total += topic.partitions.length;
    for (const partition of topic.partitions) troubled += isTroubled(partition) ? 1 : 0;
  }
  setText(byId("partitions-summary"), `${plural(total, "partition")} in ${plural(map.topics.length, "topic")}, ${judgement(troubled)}`);
}

function judgement(troubled) {
  if (!isCurrent) return "as last known";
  return troubled === 0 ? "all whole" : `${troubled} not well`;
}

// Reading one partition

function at(x, y) {
  if (!plan) return undefined;
  x /= plan.scale;
  y /= plan.scale;
  const rows = plan.brokers.length * cell;
  const found = plan.places.findIndex((place) => x >= place.x && x < place.x + cell && y >= place.y && y < place.y + rows);
  return found < 0 ? undefined : found;
}

function point(index) {
  pointed = index;
  describe();
}

function describe() {
  const place = plan?.places[pointed];
  frame(place);
  if (place) return say(description(place));
  if (plan?.places.length === 0) return say(onlyTroubled ? "All partitions are whole." : "No partitions.");
  const rest = plan?.notDrawn ? `${plural(plan.notDrawn, "more partition")} not drawn; filter for what is not well. ` : "";
  say(`${rest}Point at a column, or focus the map and use the arrow keys, to read a partition.`, plan && `none of ${plural(plan.places.length, "partition")} chosen`);
}

/** Below the map, and as the value of the slider that the map is to a screen reader, which so leaves it the arrow keys. */
function say(text, value = text) {
  setText(byId("partitions-text"), text);
  const map = byId("partitions-map");
  setAttribute(map, "aria-valuemax", Math.max(0, (plan?.places.length ?? 0) - 1));
  setAttribute(map, "aria-valuenow", pointed ?? 0);
  setAttribute(map, "aria-valuetext", value);
}

function description({ topic, partition }) {
  const by = plan.brokers.filter((id) => partition.replicas.includes(id)).map((id) => `broker ${id} ${words[roleOf(partition, id)]}`);
  const leader = livingLeader(partition);
  return `${cut(topic.name, 120)}-${partition.id}: ${leader < 0 ? "no leader" : `leader ${leader} (epoch ${partition.leaderEpoch})`}; in sync ${livingISR(partition).join(", ") || "none"} of ${partition.replicas.join(", ")}${topic.minISR === undefined ? "" : `, needs ${topic.minISR}`}; ${by.join(", ")}`;
}

function move(event) {
  if (!plan?.places.length) return;
  const now = pointed ?? 0;
  const place = plan.places[now];
  const near = (list) => list.reduce((best, index) => (best === undefined || Math.abs(plan.places[index].x - place.x) < Math.abs(plan.places[best].x - place.x) ? index : best), undefined);
  const lines = [...new Set(plan.places.map((other) => other.y))];
  const onLine = (y) => plan.places.flatMap((other, index) => (other.y === y ? [index] : []));
  const line = lines.indexOf(place.y);
  const moves = {
    ArrowLeft: () => Math.max(0, now - 1), ArrowRight: () => Math.min(plan.places.length - 1, now + 1),
    ArrowUp: () => (line > 0 ? near(onLine(lines[line - 1])) : now), ArrowDown: () => (line < lines.length - 1 ? near(onLine(lines[line + 1])) : now),
    Home: () => 0, End: () => plan.places.length - 1,
  };
  if (!moves[event.key]) return;
  event.preventDefault();
  point(moves[event.key]());
  reveal();
}

/** The frame is an element over the canvas, so that nothing is drawn again for it. */
function frame(place) {
  const box = byId("partitions-pointer");
  setHidden(box, !place);
  if (!place) return;
  box.style.transform = `scale(${plan.scale}) translate(${place.x - 1}px, ${place.y - 1}px)`;
  box.style.height = `${plan.brokers.length * cell + 2}px`;
}

/** Brings the keyboard's place into sight. */
function reveal() {
  const place = plan.places[pointed];
  const stage = byId("partitions-stage");
  if (place.y * plan.scale < stage.scrollTop) stage.scrollTop = (place.y - label) * plan.scale;
  const bottom = (place.y + plan.lineHeight) * plan.scale;
  if (bottom > stage.scrollTop + stage.clientHeight) stage.scrollTop = bottom - stage.clientHeight;
}
