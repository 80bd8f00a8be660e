// The last five minutes. Keeps the seconds that came, the stretch that is looked at, and the second under the cursor.

import { get } from "./api.js";
import { arrange, drawChart, drawCursor } from "./chart.js";
import { byId, element, keep, setAttribute, setHidden, setText } from "./dom.js";
import { clock, cut, isKnown, lagSpan, latency, rate, unknown } from "./format.js";
import { glyph, kindOf } from "./markers.js";
import { colours, rootScale } from "./theme.js";

const spans = [60_000, 120_000, 300_000];
const spanMax = 300_000;
const spanMin = 10_000;
const keptMax = 900; // a view that is paused outlives the five minutes
const markersMax = 400;
const listedMax = 60;

const readings = [
  ["in", "eventsInPerSecond", "chart-in", perSecond],
  ["out", "eventsOutPerSecond", "chart-out", perSecond],
  ["p50", "producePercentile50", "chart-p50", latency],
  ["p99", "producePercentile99", "chart-p99", latency],
  ["slowest", "produceMax", "chart-max", latency],
  ["errors", "errorsPerSecond", "chart-error", perSecond],
  ["lag", "lagMilliseconds", "chart-lag", lagSpan],
];

function perSecond(value) {
  return isKnown(value) ? `${rate(value)}/s` : unknown;
}

let points = []; // oldest first, one a second at most
let markers = [];
// `end` undefined: the newest second. Until a person chooses a span it is the least that shows all there is.
const view = { span: spans[0], end: undefined, chosen: false };
let cursor; // the second under the cursor
let selection; // [from, to] while dragging
let told; // what a screen reader was told of: the second and the stretch that a person chose
let palette;
let plan;
let scales;
let size;
const read = new Map();

export function startTimeline() {
  makeReadout();
  for (const button of document.querySelectorAll("[data-span]")) {
    button.addEventListener("click", () => zoomTo(Number(button.dataset.span) * 1000));
  }
  byId("timeline-in").addEventListener("click", () => zoomBy(0.5));
  byId("timeline-out").addEventListener("click", () => zoomBy(2));
  byId("timeline-pause").addEventListener("click", pause);
  listen(byId("timeline-cursor"));
  new ResizeObserver(() => {
    size = undefined;
    drawTimeline();
  }).observe(byId("timeline-cursor").parentElement);
  document.addEventListener("visibilitychange", drawTimeline);
}

/** Reads all seconds again: at the start, and after the stream was away. */
export async function loadTimeline() {
  const timeline = await get("timeline");
  const newer = points.filter((point) => point.at > (timeline.points.at(-1)?.at ?? 0));
  points = [...timeline.points, ...newer].slice(-keptMax);
  const known = new Set(timeline.markers.map((marker) => marker.number));
  markers = [...timeline.markers, ...markers.filter((marker) => marker.at > (timeline.markers.at(-1)?.at ?? 0) && !known.has(marker.number))];
  forgetMarkers();
  drawTimeline();
}

export function addSecond(point, added) {
  if (points.length && points.at(-1).at >= point.at) points = points.filter((old) => old.at !== point.at);
  points.push(point);
  if (points.length > 1 && points.at(-2).at > point.at) points.sort((a, b) => a.at - b.at);
  if (points.length > keptMax) points.splice(0, points.length - keptMax);
  const known = new Set(markers.map((marker) => marker.number));
  markers.push(...added.filter((marker) => !known.has(marker.number)));
  forgetMarkers();
  drawTimeline();
}

/** What is older than the first second that is kept can be shown nowhere. */
function forgetMarkers() {
  const first = points[0]?.at ?? 0;
  markers = markers.filter((marker) => marker.at >= first).slice(-markersMax);
}

export function themeChanged() {
  palette = colours();
  drawTimeline();
}

function drawTimeline() {
  if (document.hidden) return;
  palette ??= colours();
  const chart = byId("timeline-chart");
  if (!size) fit(chart, byId("timeline-cursor"));
  if (!view.chosen && view.end === undefined) fitSpan();
  const newest = points.at(-1)?.at ?? Math.floor(Date.now() / 1000) * 1000;
  const to = view.end ?? newest + 1000;
  plan = arrange(size.width, size.height, to - view.span, to);
  const shown = points.filter((point) => point.at + 1000 > plan.from && point.at < plan.to);
  scales = drawChart(chart.getContext("2d"), plan, shown, markers, palette);
  showCursor();
  showEvents();
  setText(byId("timeline-range"), `${clock(plan.from)} – ${clock(plan.to)}${view.end === undefined ? "" : ", paused"}`);
}

function fitSpan() {
  const lived = points.length ? points.at(-1).at - points[0].at : 0;
  const span = spans.find((one) => lived < one) ?? spanMax;
  if (span === view.span) return;
  view.span = span;
  showTools();
}

function fit(...canvases) {
  const stage = canvases[0].parentElement;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const scale = rootScale();
  size = { width: stage.clientWidth / scale, height: stage.clientHeight / scale, scale };
  for (const canvas of canvases) {
    canvas.width = Math.round(stage.clientWidth * ratio);
    canvas.height = Math.round(stage.clientHeight * ratio);
    canvas.getContext("2d").setTransform(ratio * scale, 0, 0, ratio * scale, 0, 0);
  }
}

function makeReadout() {
  const box = byId("timeline-readout");
  const time = element("strong");
  read.set("time", time);
  box.append(time);
  for (const [word, key, colour] of readings) {
    const value = element("b");
    read.set(key, value);
    box.append(element("span", { class: "reading" }, element("i", { class: `swatch ${colour}`, "aria-hidden": "true" }), `${word} `, value));
  }
  const verdict = element("span", { class: "reading verdict-reading" });
  read.set("verdict", verdict);
  box.append(verdict);
  read.set("happened", byId("timeline-happened"));
}

function pointAt(at) {
  return points.find((point) => point.at === at);
}

function showCursor() {
  const at = cursor ?? (view.end === undefined ? points.at(-1)?.at : undefined);
  const point = at === undefined ? undefined : pointAt(at);
  drawCursor(byId("timeline-cursor").getContext("2d"), plan, scales, point, cursor, selection, palette);
  setText(read.get("time"), at === undefined ? unknown : clock(at));
  for (const [, key, , format] of readings) setText(read.get(key), format(point?.[key]));
  setText(read.get("verdict"), point ? point.verdict : "nothing known");
  const happened = cursor === undefined ? [] : markers.filter((marker) => marker.at >= cursor && marker.at < cursor + 1000);
  // What happened takes the place of the hint how to find out.
  setText(read.get("happened"), happened.slice(0, 4).map((marker) => cut(marker.text, 100)).join("; "));
  setHidden(byId("timeline-hint"), happened.length > 0);
  tell(at, point);
}

/** To a screen reader only when a person moved: not every second, while time moves below the cursor. */
function tell(at, point) {
  const choice = `${cursor} ${view.span} ${view.end}`;
  if (choice === told) return;
  told = choice;
  const slider = byId("timeline-cursor");
  const last = Math.round(view.span / 1000) - 1;
  setAttribute(slider, "aria-valuemax", last);
  setAttribute(slider, "aria-valuenow", cursor === undefined ? last : Math.max(0, Math.min(last, Math.round((cursor - plan.from) / 1000))));
  const spoken = readings.map(([word, key, , format]) => `${word} ${point?.[key] === undefined ? "unknown" : format(point[key])}`);
  setAttribute(slider, "aria-valuetext", `${clock(at)}: ${point?.verdict ?? "nothing known"}, ${spoken.join(", ")}. ${read.get("happened").textContent}`);
}

function showEvents() {
  keep(byId("timeline-events"), markers.slice(-listedMax).reverse(), (marker) => marker.number, (marker) => {
    const kind = kindOf(marker);
    return element("li", {}, element("button", {
      class: "event", type: "button", title: `${kind.word}: go to that second`, onclick: () => moveTo(Math.floor(marker.at / 1000) * 1000),
    }, glyph(kind), element("time", { text: clock(marker.at) }), element("span", { text: cut(marker.text, 160) })));
  });
}

// Moving about

function moveTo(at) {
  const first = points[0]?.at ?? at;
  const last = points.at(-1)?.at ?? at;
  cursor = Math.max(first, Math.min(last, at));
  if (cursor < plan.from) view.end = Math.max(cursor + view.span, first);
  else if (cursor + 1000 > plan.to) view.end = cursor + 1000;
  showTools();
  drawTimeline();
}

function pause() {
  view.end = view.end === undefined ? plan.to : undefined;
  if (view.end === undefined) cursor = undefined;
  showTools();
  drawTimeline();
}

function goLive() {
  view.end = undefined;
  cursor = undefined;
  selection = undefined;
  showTools();
  drawTimeline();
}

function zoomTo(span) {
  const live = view.end === undefined;
  view.chosen = true;
  const centre = cursor ?? plan.to - view.span / 2;
  view.span = Math.max(spanMin, Math.min(spanMax, Math.round(span / 1000) * 1000));
  if (!live || (cursor !== undefined && cursor < plan.to - view.span)) {
    const newest = (points.at(-1)?.at ?? plan.to) + 1000;
    view.end = Math.min(newest, Math.round((centre + view.span / 2) / 1000) * 1000);
  }
  showTools();
  drawTimeline();
}

const zoomBy = (factor) => zoomTo(view.span * factor);

function showTools() {
  const paused = view.end !== undefined;
  const button = byId("timeline-pause");
  setAttribute(button, "aria-pressed", paused);
  setText(button, paused ? "Go live" : "Pause");
  for (const choice of document.querySelectorAll("[data-span]")) {
    setAttribute(choice, "aria-pressed", Number(choice.dataset.span) * 1000 === view.span);
  }
}

function listen(canvas) {
  const timeUnder = (event) => plan.timeAt(event.offsetX / size.scale);
  let pressedAt;
  canvas.addEventListener("pointermove", (event) => {
    cursor = Math.floor(timeUnder(event) / 1000) * 1000;
    if (pressedAt !== undefined && Math.abs(event.offsetX / size.scale - plan.x(pressedAt)) > 8) selection = [pressedAt, timeUnder(event)];
    showCursor();
  });
  canvas.addEventListener("pointerleave", () => {
    if (pressedAt !== undefined || document.activeElement === canvas) return;
    cursor = undefined;
    showCursor();
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    pressedAt = timeUnder(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => {
    pressedAt = undefined;
    if (!selection) return;
    const [from, to] = selection.sort((a, b) => a - b).map((time) => Math.round(time / 1000) * 1000);
    selection = undefined;
    view.span = Math.max(spanMin, to - from);
    view.end = to;
    view.chosen = true;
    showTools();
    drawTimeline();
  });
  canvas.addEventListener("dblclick", () => {
    view.chosen = false;
    goLive();
  });
  canvas.addEventListener("focus", () => {
    told = undefined;
    showCursor();
  });
  canvas.addEventListener("blur", () => {
    cursor = undefined;
    showCursor();
  });
  canvas.addEventListener("keydown", (event) => {
    const at = cursor ?? plan.to - 1000;
    const step = event.shiftKey ? 10_000 : 1000;
    const moves = { ArrowLeft: () => moveTo(at - step), ArrowRight: () => moveTo(at + step), PageUp: () => moveTo(at + 30_000), PageDown: () => moveTo(at - 30_000),
      Home: () => moveTo(plan.from), End: () => moveTo(plan.to - 1000), "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2), " ": pause, Escape: goLive };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
}
