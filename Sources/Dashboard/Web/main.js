// Wires the stream to the sections. Each section has a `show…` that takes what is known and changes only what differs.

import { get } from "./api.js";
import { showBrokers } from "./brokers.js";
import { byId, setText } from "./dom.js";
import { cut, plural } from "./format.js";
import { showGroups } from "./groups.js";
import { partitionsThemeChanged, showPartitions, startPartitions } from "./partitions.js";
import { Stream } from "./stream.js";
import { startTheme } from "./theme.js";
import { showTiles } from "./tiles.js";
import { addSecond, loadTimeline, startTimeline, themeChanged } from "./timeline.js";
import { showVerdict } from "./verdict.js";

/** What is known now. `about` is read once a connection. */
const state = { model: undefined, about: { allowActions: false, canControlBrokers: false } };

const stream = new Stream({
  model(model) {
    state.model = model;
    timed(() => {
      showAll();
    });
  },
  second({ point, markers }) {
    timed(() => addSecond(point, markers));
  },
  partitions(map) {
    timed(() => showPartitions(map));
  },
  alerts(list) {
  },
  async opened() {
    try {
      await loadTimeline();
      state.about = await get("about");
      showAbout();
    } catch {
      // The stream opens again in a second, and then this is asked again.
    }
  },
  tick(connection, age) {
    showVerdict(state.model, connection, age, stream.now());
  },
});

function showAll() {
  const { model } = state;
  showVerdict(model, stream.connection, stream.age, stream.now());
  showTiles(model);
  showBrokers(model, state.about, stream.now());
  showGroups(model, stream.now());
  setText(byId("cluster-name"), cut(model.bootstrapServers, 80));
  setText(byId("blind-spots"), model.blindSpots.length ? `Not known in this round: ${model.blindSpots.slice(0, 5).join("; ")}` : "");
}

function showAbout() {
  const { version, engine, allowActions } = state.about;
  setText(byId("about"), ["StreamSocial", version, engine && `engine ${engine}`, allowActions ? "actions allowed" : "read-only (start with --allow-actions to act)"]
    .filter(Boolean).join(" · "));
}

/** Measures scripting per update; the browser tests read it. */
function timed(work) {
  const start = performance.now();
  work();
  performance.measure("update", { start, end: performance.now() });
}

showTiles(undefined);
startTimeline();
startPartitions();
startTheme(() => {
  themeChanged();
  partitionsThemeChanged();
});
stream.start();
