// Alerts: what fires now, each with what to do; then what was, with how long it lasted.

import { path, post } from "./api.js";
import { byId, element, icon, keep, notice, setAttribute, setHidden, setPill, setText, setTextWithCode } from "./dom.js";
import { clockOrDate, cut, plural, span } from "./format.js";

const firingMax = 100;
const announcedMax = 3;
const historyMax = 200;

const severities = { critical: ["bad", "unavailable", "critical"], warning: ["warn", "degraded", "warning"], info: ["idle", "info", "info"] };
const severityOf = (alert) => (Object.hasOwn(severities, alert.severity) ? alert.severity : "info");

let list = { firing: [], history: [] };
let heard; // ids of the critical alerts that fired when the list last came

export function takeAlerts(newList, now) {
  list = newList;
  announce(now);
}

/** Reads out the critical alerts that were not there before; those that fire when the page is opened are in the verdict. */
function announce(now) {
  const critical = list.firing.filter((alert) => severityOf(alert) === "critical");
  const fresh = heard === undefined ? [] : critical.filter((alert) => !heard.has(alert.id) && !isSilenced(alert, now));
  heard = new Set(critical.map((alert) => alert.id));
  if (fresh.length === 0) return;
  const words = fresh.slice(0, announcedMax).map((alert) => `Critical alert ${cut(alert.name, 80)}: ${cut(alert.summary, 300)}.`);
  if (fresh.length > announcedMax) words.push(`${plural(fresh.length - announcedMax, "more critical alert")}.`);
  byId("alerts-announcement").textContent = words.join(" ");
}

/** Also called every second, for the durations. */
export function showAlerts(about, now) {
  const { firing, history } = list;
  const counter = byId("nav-alerts");
  // What somebody silenced is listed and does not count.
  const loud = firing.filter((alert) => !isSilenced(alert, now)).length;
  const silenced = firing.length - loud;
  setHidden(counter, loud === 0);
  setText(counter, String(loud));
  const words = [];
  if (loud) words.push(`${plural(loud, "alert")} ${loud === 1 ? "fires" : "fire"}`);
  if (silenced) words.push(`${silenced} silenced`);
  setText(byId("alerts-summary"), words.join(", "));
  setHidden(byId("alerts-empty"), firing.length > 0);
  keep(byId("alerts-firing"), firing.slice(0, firingMax), (alert) => alert.id, makeFiring, (item, alert) => showFiring(item, alert, about, now));

  setHidden(byId("alerts-past"), history.length === 0);
  setText(byId("alerts-past-count"), String(history.length));
  keep(byId("alerts-history"), history.slice(0, historyMax), (alert) => `${alert.id} ${alert.firedAt}`, (alert) => {
    const pill = element("span");
    setPill(pill, ...severities[severityOf(alert)]);
    const lasted = alert.clearedAt === undefined ? "not known" : span(alert.clearedAt - alert.firedAt);
    return element("tr", {},
      element("td", {}, pill), element("td", { class: "name", text: cut(alert.name, 80) }),
      element("td", { class: "name", text: cut(alert.subject ?? "", 120) }), element("td", { class: "name", text: cut(alert.summary, 300) }),
      element("td", { class: "nowrap" }), element("td", { class: "number", text: lasted }));
  }, (row, alert) => setText(row.cells[4], clockOrDate(alert.firedAt, now)));
}

function makeFiring(alert) {
  const item = element("li", { class: "alert" });
  item.pill = element("span");
  item.name = element("strong");
  item.subject = element("span", { class: "subject" });
  item.duration = element("span", { class: "since" });
  item.marks = element("span", { class: "since" });
  item.summary = element("p");
  item.action = element("span");
  item.acknowledge = element("button", { type: "button", class: "small", text: "Acknowledge", onclick: () => acknowledge(alert) });
  item.silence = element("button", { type: "button", class: "small", onclick: () => silence(item.alert.name, item.silenced ? 0 : 30) });
  item.buttons = element("div", { class: "alert-buttons" }, item.acknowledge, item.silence);
  item.append(
    element("div", { class: "alert-text" },
      element("div", { class: "alert-head" }, item.pill, item.name, item.subject, item.duration, item.marks),
      item.summary, element("p", { class: "next" }, icon("level"), item.action)),
    item.buttons);
  return item;
}

function showFiring(item, alert, about, now) {
  item.alert = alert;
  const severity = severityOf(alert);
  setAttribute(item, "data-tone", severities[severity][0]);
  setPill(item.pill, ...severities[severity]);
  setText(item.name, cut(alert.name, 80));
  setText(item.subject, cut(alert.subject ?? "", 120));
  setText(item.duration, `for ${span(now - alert.firedAt)}, since ${clockOrDate(alert.firedAt, now)}`);
  const marks = [];
  if (alert.acknowledgedAt !== undefined) marks.push(`acknowledged by ${cut(alert.acknowledgedBy ?? "someone", 60)} at ${clockOrDate(alert.acknowledgedAt, now)}`);
  if (isSilenced(alert, now)) marks.push(`silenced until ${clockOrDate(alert.silencedUntil, now)}`);
  setText(item.marks, marks.join(", "));
  setText(item.summary, cut(alert.summary, 500));
  setTextWithCode(item.action, cut(alert.action, 500));
  setHidden(item.buttons, !about.allowActions);
  if (alert.acknowledgedAt !== undefined && document.activeElement === item.acknowledge) item.silence.focus();
  setHidden(item.acknowledge, alert.acknowledgedAt !== undefined);
  setText(item.silence, isSilenced(alert, now) ? "End silence" : "Silence 30 min");
  item.silenced = isSilenced(alert, now);
}

const isSilenced = (alert, now) => alert.silencedUntil !== undefined && alert.silencedUntil > now;

async function acknowledge(alert) {
  try {
    await post(`alerts/${path(alert.id)}/acknowledge`, { by: "dashboard" });
  } catch (error) {
    notice(`Not acknowledged: ${error.message}`);
  }
}

/** Nothing is sent to webhooks for so many minutes; none ends it. */
async function silence(name, minutes) {
  try {
    await post("alerts/silences", { name, minutes });
  } catch (error) {
    notice(`Not silenced: ${error.message}`);
  }
}
