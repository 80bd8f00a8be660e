// What to do, there only while something is wrong: the commands to type next, and the partitions that suffer.

import { byId, copy, element, icon, keep, notice, setAttribute, setHidden, setPill, setText } from "./dom.js";
import { count, cut, plural, span } from "./format.js";
import { hasRemedy } from "./verdict.js";

const commandsMax = 12;
const partitionsMax = 50;

const troubles = {
  offline: ["bad", "unavailable", "offline"],
  underMinISR: ["bad", "unavailable", "under min ISR"],
  atMinISR: ["warn", "degraded", "at min ISR"],
  underReplicated: ["warn", "degraded", "under-replicated"],
};

export function showRemedy(model, now) {
  const needed = hasRemedy(model);
  if (!needed && byId("remedy").contains(document.activeElement)) byId("content").focus();
  setHidden(byId("remedy"), !needed);
  if (!needed) return;
  setHidden(byId("remedy-none"), model.nextCommands.length > 0);
  keep(byId("remedy-commands"), model.nextCommands.slice(0, commandsMax), (next) => `${next.command}\n${next.reason}`, (next) => {
    const command = cut(next.command, 2000);
    return element("li", {},
      element("div", { class: "command" }, inWords(command),
        element("button", { type: "button", class: "small", "aria-label": `Copy: ${cut(command, 80)}`, onclick: () => copied(command) }, icon("copy"), "Copy")),
      element("p", { text: cut(next.reason, 300) }));
  });

  const troubled = model.troubledPartitions.slice(0, partitionsMax);
  const { partitions } = model;
  setText(byId("remedy-summary"), `${count(partitions.underReplicated)} under-replicated, ${count(partitions.underMinISR)} under min ISR, ${count(partitions.offline)} offline`);
  const more = Math.max(model.troubledPartitions.length, partitions.underReplicated ?? 0) - troubled.length;
  setHidden(byId("remedy-more"), more <= 0);
  setText(byId("remedy-more"), `${plural(more, "more partition")}: see the map, filtered for what is not well.`);
  keep(byId("remedy-partitions"), troubled, (entry) => `${entry.partition} ${entry.topic}`, () => {
    const row = element("tr");
    for (const kind of ["name", "", "nowrap", "nowrap", "number"]) row.append(element("td", { class: kind || undefined }));
    row.pill = element("span");
    row.children[1].append(row.pill);
    return row;
  }, (row, entry) => {
    const cells = row.children;
    setText(cells[0], `${cut(entry.topic, 120)}-${entry.partition}`);
    setPill(row.pill, ...(Object.hasOwn(troubles, entry.trouble) ? troubles[entry.trouble] : ["idle", "unknown", cut(entry.trouble, 30)]));
    setText(cells[2], change(entry.leaderBefore === undefined ? "?" : leaderName(entry.leaderBefore), leaderName(entry.leader)));
    setText(cells[3], change(entry.isrBefore ? list(entry.isrBefore) : "?", list(entry.isr)));
    setAttribute(cells[3], "title", `replicas ${list(entry.replicas)}`);
    setText(cells[4], span(now - entry.since));
  });
}

/** Breaks between words alone: an option that is cut at its hyphens is hard to read. */
function inWords(command) {
  return element("code", {}, ...command.split(" ").flatMap((word, index) => [index ? " " : "", element("span", { text: word })]));
}

const leaderName = (id) => (id < 0 ? "none" : String(id));
const list = (ids) => (ids.length ? ids.slice(0, 12).join(", ") : "none");
const change = (before, now) => (before === now ? now : `${before} → ${now}`);

async function copied(command) {
  notice((await copy(command)) ? "Copied." : "This browser does not let the page copy; mark the command and copy it by hand.");
}
