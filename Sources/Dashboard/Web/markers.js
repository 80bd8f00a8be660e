// What happened, as a shape, a colour of the palette and a word. The shapes are paths in a box of 12 × 12, used both
// on the chart's canvas and as SVG in the list beside it.

import { svg } from "./dom.js";

const kinds = {
  fault: { word: "fault injected", colour: "bad", shape: "M7 0 2 7h3L4 12l6-7.5H6.6z" },
  faultEnd: { word: "fault ended", colour: "good", shape: "M6 1.5a4.5 4.5 0 1 0 .01 0zM6 3.5a2.5 2.5 0 1 1-.01 0z" },
  brokerLost: { word: "broker lost", colour: "bad", shape: "M1.4 3 3 1.4l3 3 3-3L10.6 3l-3 3 3 3L9 10.6l-3-3-3 3L1.4 9l3-3z" },
  brokerBack: { word: "broker back", colour: "good", shape: "M6 1 11.5 10.5h-11z" },
  controllerChange: { word: "controller change", colour: "accent", shape: "M.8 3.2 3.6 5.6 6 1.6l2.4 4 2.8-2.4L10.2 10H1.8z" },
  leaderChange: { word: "leader change", colour: "accent", shape: "M6 .5 11.5 6 6 11.5.5 6z" },
  isrWhole: { word: "all replicas in sync", colour: "good", shape: "M.8 6.4 2.4 4.8l2.3 2.3 4.9-5.3 1.7 1.6-6.6 7z" },
  alert: { word: "alert", colour: "warn", shape: "M4.8.8h2.4l-.4 7H5.2zM6 8.9a1.3 1.3 0 1 0 .01 0z" },
};
const other = { word: "event", colour: "idle", shape: "M6 2.5a3.5 3.5 0 1 0 .01 0z" };

export const kindOf = (marker) => (Object.hasOwn(kinds, marker.kind) ? kinds[marker.kind] : other);

const paths = new Map();
export function pathOf(kind) {
  if (!paths.has(kind)) paths.set(kind, new Path2D(kind.shape));
  return paths.get(kind);
}

export const glyph = (kind) =>
  svg("svg", { class: `glyph tone-${kind.colour}`, viewBox: "0 0 12 12", role: "img", "aria-label": kind.word }, svg("path", { d: kind.shape }));
