// Draws the timeline: lanes over one axis of time, with lines broken where nothing is known. Knows nothing of the
// page; `timeline.js` says what to draw and where the cursor is.

import { clock, latency, short } from "./format.js";
import { kindOf, pathOf } from "./markers.js";

const gutter = 54;
const right = 10;
const strip = 30; // two rows of glyphs
const band = 7; // the verdict, second by second
const axis = 20;
const gap = 22;
const font = '11px Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Lanes from top to bottom: title, how to read it, share of the height, what is drawn, and the scale, which ends at
    `least` or above: noise that nobody feels is not blown up to the height of the lane. */
const lanes = [
  { title: "events per second", note: "dashed: the target", noteFor: "targetPerSecond", share: 0.34, series: [
    { key: "eventsOutPerSecond", colour: "chart-out", style: "line" },
    { key: "eventsInPerSecond", colour: "chart-in", style: "line", width: 2 },
    { key: "targetPerSecond", colour: "muted", style: "dashes" },
  ], scale: linear, least: 10, label: short },
  { title: "produce latency (log)", note: "percentiles over 10 s; dots: the slowest of each second", share: 0.34, series: [
    { key: "produceMax", colour: "chart-max", style: "dots" },
    { key: "producePercentile50", colour: "chart-p50", style: "line" },
    { key: "producePercentile99", colour: "chart-p99", style: "line", width: 2 },
  ], scale: logarithmic, label: latencyTick },
  { title: "errors per second", share: 0.14, series: [{ key: "errorsPerSecond", colour: "chart-error", style: "bars" }], scale: linear, least: 1, label: short },
  { title: "lag in seconds", share: 0.18, series: [{ key: "lagMilliseconds", colour: "chart-lag", style: "area" }], scale: linear, divide: 1000, least: 1, label: short },
];

/** In one unit: "100 s" fits beside the axis, "1 min 40 s" does not. */
function latencyTick(value) {
  return value >= 1000 ? `${short(value / 1000)} s` : latency(value);
}

/** Where everything is on a canvas of this size, for this stretch of time. */
export function arrange(width, height, from, to) {
  const plot = { left: gutter, right: Math.max(gutter + 10, width - right), top: strip + band + 4, bottom: height - axis };
  const usable = plot.bottom - plot.top - gap * lanes.length;
  let top = plot.top;
  const places = lanes.map((lane) => {
    const place = { top: top + gap, bottom: top + gap + Math.max(10, usable * lane.share) };
    top = place.bottom;
    return place;
  });
  const x = (at) => plot.left + ((at - from) / (to - from)) * (plot.right - plot.left);
  const timeAt = (position) => from + ((position - plot.left) / (plot.right - plot.left)) * (to - from);
  return { width, height, from, to, plot, places, x, timeAt };
}

/** `points`: of the shown time, oldest first. Returns the scales, for the cursor. */
export function drawChart(context, plan, points, markers, colours) {
  const { width, height, plot } = plan;
  context.clearRect(0, 0, width, height);
  context.font = font;
  context.lineJoin = "round";
  drawTimes(context, plan, colours);
  drawVerdicts(context, plan, points, colours);
  const scales = lanes.map((lane, index) => {
    const place = plan.places[index];
    const scale = lane.scale(points, lane, place);
    drawGrid(context, plan, lane, place, scale, colours);
    context.save();
    context.beginPath();
    context.rect(plot.left, place.top - 4, plot.right - plot.left, place.bottom - place.top + 5);
    context.clip();
    for (const series of lane.series) drawSeries(context, plan, lane, place, scale, series, points, colours);
    context.restore();
    return scale;
  });
  drawMarkers(context, plan, markers, colours);
  lanes.forEach((lane, index) => drawTitle(context, plan, lane, plan.places[index], points, colours));
  return scales;
}

export function drawCursor(context, plan, scales, point, at, selection, colours) {
  context.clearRect(0, 0, plan.width, plan.height);
  if (selection) {
    const [begin, end] = selection.map((time) => plan.x(time));
    context.globalAlpha = 0.15;
    context.fillStyle = colours.accent;
    context.fillRect(Math.min(begin, end), plan.plot.top, Math.abs(end - begin), plan.plot.bottom - plan.plot.top);
    context.globalAlpha = 1;
  }
  if (at === undefined || at < plan.from || at > plan.to) return;
  const x = Math.round(plan.x(at + 500)) + 0.5;
  context.strokeStyle = colours.text;
  context.beginPath();
  context.moveTo(x, strip);
  context.lineTo(x, plan.plot.bottom);
  context.stroke();
  if (!point) return;
  lanes.forEach((lane, index) => {
    for (const series of lane.series) {
      const value = point[series.key];
      if (value === undefined || series.style === "dashes") continue;
      context.fillStyle = colours[series.colour];
      context.strokeStyle = colours.surface;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, scales[index].y(value / (lane.divide ?? 1)), 4, 0, 7);
      context.fill();
      context.stroke();
      context.lineWidth = 1;
    }
  });
}

function values(points, lane) {
  const found = [];
  for (const point of points) {
    for (const series of lane.series) {
      if (point[series.key] !== undefined) found.push(point[series.key] / (lane.divide ?? 1));
    }
  }
  return found;
}

/** From zero to a round number above the greatest. */
function linear(points, lane, place) {
  const found = values(points, lane);
  if (found.length === 0) return { ticks: [], y: () => place.bottom };
  const most = found.reduce((a, b) => Math.max(a, b), lane.least);
  const step = roundUp(most / 2);
  const top = Math.max(step, Math.ceil(most / step) * step);
  const ticks = [];
  for (let value = 0; value <= top + step / 2; value += step) ticks.push(value);
  return { ticks, y: (value) => place.bottom - (Math.max(0, value) / top) * (place.bottom - place.top) };
}

function logarithmic(points, lane, place) {
  const found = values(points, lane).filter((value) => value > 0);
  if (found.length === 0) return { ticks: [], y: () => place.bottom };
  const least = Math.floor(Math.log10(found.reduce((a, b) => Math.min(a, b), 1)));
  const most = Math.max(least + 2, Math.ceil(Math.log10(found.reduce((a, b) => Math.max(a, b), 10))));
  const ticks = [];
  for (let power = least; power <= most; power += 1) ticks.push(10 ** power);
  const y = (value) => {
    const share = (Math.log10(Math.max(value, 10 ** least)) - least) / (most - least);
    return place.bottom - share * (place.bottom - place.top);
  };
  return { ticks, y };
}

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * power >= value * 0.999) * power;
}

function drawGrid(context, plan, lane, place, scale, colours) {
  context.strokeStyle = colours["chart-grid"];
  context.lineWidth = 1;
  context.fillStyle = colours.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  // Without any figure there is no scale, and that is said.
  if (scale.ticks.length === 0) {
    context.textAlign = "left";
    context.fillText("nothing known in this time", plan.plot.left + 4, (place.top + place.bottom) / 2);
  }
  const crowded = place.bottom - place.top < scale.ticks.length * 13;
  scale.ticks.forEach((tick, index) => {
    const y = Math.round(scale.y(tick)) + 0.5;
    context.beginPath();
    context.moveTo(plan.plot.left, y);
    context.lineTo(plan.plot.right, y);
    context.stroke();
    if (!crowded || index === 0 || index === scale.ticks.length - 1) context.fillText(lane.label(tick), plan.plot.left - 7, y);
  });
}

/** Above the lane, with a rim against the lines that mark events: they would go through its words. */
function drawTitle(context, plan, lane, place, points, colours) {
  const isNoted = lane.note && (!lane.noteFor || points.some((point) => point[lane.noteFor] !== undefined));
  const whole = isNoted ? `${lane.title}; ${lane.note}` : lane.title;
  const text = context.measureText(whole).width < plan.plot.right - plan.plot.left ? whole : lane.title;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.strokeStyle = colours.surface;
  context.lineWidth = 4;
  context.strokeText(text, plan.plot.left, place.top - 2);
  context.lineWidth = 1;
  context.fillStyle = colours.muted;
  context.fillText(text, plan.plot.left, place.top - 2);
}


function drawTimes(context, plan, colours) {
  const steps = [5, 10, 15, 30, 60, 120];
  const wanted = Math.max(2, (plan.plot.right - plan.plot.left) / 95);
  const step = 1000 * (steps.find((seconds) => (plan.to - plan.from) / 1000 / seconds <= wanted) ?? 300);
  context.fillStyle = colours.muted;
  context.strokeStyle = colours["chart-grid"];
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (let at = Math.ceil(plan.from / step) * step; at <= plan.to; at += step) {
    const x = Math.round(plan.x(at)) + 0.5;
    if (x > plan.plot.left + 24 && x < plan.plot.right - 18) context.fillText(clock(at), x, plan.height - 2);
    context.beginPath();
    context.moveTo(x, plan.plot.top);
    context.lineTo(x, plan.plot.bottom);
    context.stroke();
  }
}

const verdictColours = { healthy: "good", degraded: "verdict-degraded", unavailable: "bad" };

function drawVerdicts(context, plan, points, colours) {
  const { plot } = plan;
  const top = strip - 1;
  context.fillStyle = colours.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText("verdict", plot.left - 7, top + band / 2);
  context.fillStyle = colours["verdict-unknown"];
  context.fillRect(plot.left, top + 2, plot.right - plot.left, band - 4);
  for (const point of points) {
    const name = verdictColours[point.verdict];
    if (!name) continue;
    const begin = Math.max(plot.left, plan.x(point.at));
    const end = Math.min(plot.right, plan.x(point.at + 1000));
    context.fillStyle = colours[name];
    // Worse is taller: the band reads without colour too.
    const height = { healthy: band - 4, degraded: band - 1, unavailable: band + 2 }[point.verdict];
    context.fillRect(begin, top + (band - height) / 2, end - begin + 0.5, height);
  }
}

function drawSeries(context, plan, lane, place, scale, series, points, colours) {
  const y = (point) => scale.y(point[series.key] / (lane.divide ?? 1));
  context.strokeStyle = colours[series.colour];
  context.fillStyle = colours[series.colour];
  context.lineWidth = series.width ?? 1.3;
  if (series.style === "bars") {
    const width = Math.max(1, plan.x(1000) - plan.x(0) - 1);
    for (const point of points) {
      if (point[series.key] > 0) context.fillRect(plan.x(point.at), y(point), width, place.bottom - y(point));
      else if (point[series.key] === 0) context.fillRect(plan.x(point.at), place.bottom - 1, width + 1, 1);
    }
    return;
  }
  if (series.style === "dots") {
    for (const point of points) {
      if (point[series.key] !== undefined) context.fillRect(plan.x(point.at + 500) - 1, y(point) - 1, 2, 2);
    }
    return;
  }
  context.setLineDash(series.style === "dashes" ? [5, 4] : []);
  for (const run of runs(points, series.key)) {
    const line = new Path2D();
    run.forEach((point, index) => line[index ? "lineTo" : "moveTo"](plan.x(point.at + 500), y(point)));
    // A single second between gaps would be no line at all.
    if (run.length === 1) line.lineTo(plan.x(run[0].at + 500) + 1.5, y(run[0]));
    if (series.style === "area") {
      const area = new Path2D(line);
      area.lineTo(plan.x(run.at(-1).at + 500), place.bottom);
      area.lineTo(plan.x(run[0].at + 500), place.bottom);
      context.globalAlpha = 0.18;
      context.fill(area);
      context.globalAlpha = 1;
    }
    context.stroke(line);
  }
  context.setLineDash([]);
  context.lineWidth = 1;
}

/** Stretches of seconds that follow each other and all know the value. */
export function runs(points, key) {
  const found = [];
  let run = [];
  for (const point of points) {
    const joined = run.length > 0 && point.at - run.at(-1).at <= 1000;
    if (point[key] === undefined || !joined) {
      if (run.length > 0) found.push(run);
      run = [];
    }
    if (point[key] !== undefined) run.push(point);
  }
  if (run.length > 0) found.push(run);
  return found;
}

function drawMarkers(context, plan, markers, colours) {
  const rowEnds = [-Infinity, -Infinity];
  const kindEnds = new Map();
  for (const marker of markers) {
    const x = Math.round(plan.x(marker.at)) + 0.5;
    if (x < plan.plot.left || x > plan.plot.right) continue;
    const kind = kindOf(marker);
    context.strokeStyle = colours[kind.colour];
    context.globalAlpha = 0.65;
    context.setLineDash(kind.colour === "bad" ? [] : [2, 3]);
    context.beginPath();
    context.moveTo(x, strip - 2);
    context.lineTo(x, plan.plot.bottom);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    // Shapes that would cover each other go to the second row, and one stands for all of its kind at its place; what
    // finds none is in the list.
    const row = rowEnds.findIndex((end) => end <= x - 6);
    if (row < 0 || kindEnds.get(kind) > x - 6) continue;
    rowEnds[row] = x + 8;
    kindEnds.set(kind, x + 8);
    context.fillStyle = colours[kind.colour];
    context.save();
    context.translate(x - 6, (1 - row) * 14 + 1);
    context.fill(pathOf(kind));
    context.restore();
  }
}
