// Wires the stream to the sections. Each section has a `show…` that takes what is known and changes only what differs.

import { showAlerts, takeAlerts } from "./alerts.js";
import { get } from "./api.js";
import { showBrokers } from "./brokers.js";
import { byId, setText } from "./dom.js";
import { showFacts } from "./facts.js";
import { cut } from "./format.js";
import { showGroups } from "./groups.js";
import { startMachine } from "./machine.js";
import { partitionsThemeChanged, showPartitions, showPartitionsAge, startPartitions } from "./partitions.js";
import { showRemedy } from "./remedy.js";
import { Stream } from "./stream.js";
import { startTheme } from "./theme.js";
import { showTiles } from "./tiles.js";
import { addSecond, loadTimeline, startTimeline, themeChanged } from "./timeline.js";
import { showTopics, startTopics } from "./topics.js";
import { showVerdict } from "./verdict.js";

/** What is known now. `behind`: the timeline and `about` are to be read (again); `trouble`: why the stream was refused. */
const state = { model: undefined, about: { allowActions: false, canControlBrokers: false }, behind: true, reading: false, trouble: undefined };

const stream = new Stream({
  model(model) {
    state.model = model;
    update(showAll);
    if (state.behind) catchUp();
  },
  second({ point, markers }) {
    update(() => addSecond(point, markers));
  },
  partitions(map) {
    update(() => showPartitions(map));
  },
  alerts(list) {
    takeAlerts(list, stream.now());
    update(() => showAlerts(state.about, stream.now()));
  },
  opened() {
    state.behind = true;
    state.trouble = undefined;
    catchUp();
  },
  async refused() {
    // A stream does not say why; a plain request does: a token that is wanted, too many streams.
    try {
      await get("model");
      state.trouble = undefined;
    } catch (error) {
      state.trouble = error instanceof TypeError ? undefined : cut(error.message, 300);
    }
  },
  tick(connection, age) {
    showVerdict(state.model, connection, age, stream.now(), state.trouble);
  },
});

/** Reads what the stream does not repeat. What fails is tried again with the next model. */
async function catchUp() {
  if (state.reading) return;
  state.reading = true;
  try {
    state.about = await get("about");
    await loadTimeline();
    state.behind = false;
    showAbout();
    if (state.model) update(showAll);
  } catch (error) {
    console.warn(`not read yet: ${error.message}`);
  } finally {
    state.reading = false;
  }
}

function showAll() {
  const { model, about } = state;
  const now = stream.now();
  // One section that stumbles over something unforeseen does not take the verdict down with it.
  const sections = [
    () => showVerdict(model, stream.connection, stream.age, now),
    () => showTiles(model),
    () => showBrokers(model, about, now),
    () => showFacts(model),
    () => showPartitionsAge(model),
    () => showGroups(model, now),
    () => showAlerts(about, now),
    () => showRemedy(model, now),
    () => showTopics(model, about),
    showFoot,
  ];
  for (const section of sections) {
    try {
      section();
    } catch (error) {
      console.error(error);
    }
  }
}

function showFoot() {
  const { bootstrapServers, blindSpots } = state.model;
  setText(byId("cluster-name"), cut(bootstrapServers, 80));
  setText(byId("blind-spots"), blindSpots.length ? `Not known in this round: ${cut(blindSpots.slice(0, 5).join("; "), 500)}` : "");
}

function showAbout() {
  const { version, engine, allowActions } = state.about;
  const rights = allowActions ? "actions allowed" : "read-only (start with --allow-actions to act)";
  setText(byId("about"), [`StreamSocial ${cut(String(version ?? ""), 40)}`.trim(), engine && `engine ${cut(engine, 40)}`, rights].filter(Boolean).join(" · "));
}

let updates = 0;
/** Measures the scripting of an update; the browser tests hold it to its budget. */
function update(work) {
  const start = performance.now();
  work();
  performance.measure("update", { start, end: performance.now() });
  updates += 1;
  if (updates % 500 === 0) performance.clearMeasures("update");
}

showTiles(undefined);
startTimeline();
startMachine();
startPartitions();
startTopics();
startTheme(() => {
  themeChanged();
  partitionsThemeChanged();
});
stream.start();
