// Reading a topic's messages, and producing one. Keys, values and headers are hostile input: they become text.

import { get, path, post } from "./api.js";
import { confirm } from "./dialog.js";
import { element, notice, setHidden, setText } from "./dom.js";
import { count, cut, dateAndClock, plural } from "./format.js";

const previewMax = 160;
const shownMax = 100_000; // characters of one value

/** `node` to show, `read()` to read, `partitions(n)` once their number is known. */
export function makeMessages(topic) {
  const from = select("From", [["newest", "newest"], ["offset", "an offset"], ["time", "a time"]]);
  const partition = select("Partition", [["", "all"]]);
  const offset = field("Offset", { type: "number", min: "0", value: "0" });
  const time = field("Time", { type: "datetime-local", step: "1" });
  const key = field("Key contains", { type: "search", maxlength: "200" });
  const value = field("Value contains", { type: "search", maxlength: "200" });
  const limit = select("At most", [["20", "20"], ["50", "50"], ["100", "100"], ["500", "500"]]);
  const note = element("p", { class: "empty", "aria-live": "polite" });
  const rows = element("tbody");
  const form = element("form", { class: "message-form" }, from.label, partition.label, offset.label, time.label, key.label, value.label, limit.label,
    element("button", { class: "primary", text: "Read" }));
  const adapt = () => {
    setHidden(offset.label, from.input.value !== "offset");
    setHidden(time.label, from.input.value !== "time");
  };
  from.input.addEventListener("change", adapt);
  adapt();

  let asked;
  async function read() {
    asked?.abort();
    const mine = new AbortController();
    asked = mine;
    setText(note, "Reading…");
    try {
      const answer = await get(`${path("topics", topic, "messages")}?${query()}`, mine.signal);
      rows.replaceChildren(...answer.messages.slice(0, 500).flatMap(messageRows));
      setText(note, said(answer));
    } catch (error) {
      if (mine.signal.aborted) return;
      rows.replaceChildren();
      setText(note, `Not read: ${error.message}`);
    }
  }

  function query() {
    const words = new URLSearchParams({ from: from.input.value, limit: limit.input.value });
    if (partition.input.value !== "") words.set("partition", partition.input.value);
    if (from.input.value === "offset") words.set("offset", offset.input.value || "0");
    const at = new Date(time.input.value).getTime();
    if (from.input.value === "time") words.set("time", String(Number.isFinite(at) ? at : Date.now() - 60_000));
    if (key.input.value !== "") words.set("key", key.input.value);
    if (value.input.value !== "") words.set("value", value.input.value);
    return words;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
  const head = element("tr", {}, ...["", "Partition", "Offset", "Time", "Key", "Value"].map((name, index) =>
    element("th", { scope: "col", class: index === 1 || index === 2 ? "number" : undefined, text: name, ...(index === 0 ? { "aria-label": "Open" } : {}) })));
  const node = element("div", {}, form, note,
    element("div", { class: "scroll limited", tabindex: "0", role: "region", "aria-label": "Messages" }, element("table", { class: "messages" }, element("thead", {}, head), rows)));
  return {
    node, read,
    partitions(number) {
      for (let id = 0; id < Math.min(number, 2000); id += 1) partition.input.append(element("option", { value: String(id), text: String(id) }));
    },
  };
}

function said(answer) {
  const found = answer.messages.length === 0 ? "No message" : plural(answer.messages.length, "message");
  const scanned = answer.scanned === undefined ? "" : `; ${count(answer.scanned)} looked at`;
  return `${found}${scanned}${answer.complete === false ? "; there is more than was looked at: narrow the search" : ""}.`;
}

function messageRows(message) {
  const value = message.value ?? null;
  const key = message.key ?? null;
  const button = element("button", { type: "button", class: "disclosure", "aria-expanded": "false", "aria-label": `Open message at offset ${message.offset}` },
    element("i", { class: "chevron", "aria-hidden": "true" }));
  const row = element("tr", {},
    element("td", {}, button),
    element("td", { class: "number", text: String(message.partition) }),
    element("td", { class: "number", text: String(message.offset) }),
    element("td", { class: "nowrap", text: dateAndClock(message.timestamp) }),
    element("td", { class: "mono name", text: key === null ? "none" : cut(key, 80) }),
    element("td", { class: "mono value", text: value === null ? "none (tombstone)" : cut(value, previewMax) }));
  const detail = element("tr", { class: "detail", hidden: true });
  button.addEventListener("click", () => {
    const opening = detail.hidden;
    if (opening && !detail.firstChild) detail.append(element("td", { colspan: "6" }, ...messageDetail(message)));
    detail.hidden = !opening;
    button.setAttribute("aria-expanded", String(opening));
  });
  return [row, detail];
}

function messageDetail(message) {
  const parts = [];
  if (message.headers?.length) {
    parts.push(element("dl", { class: "headers" }, ...message.headers.slice(0, 100).flatMap((header) => [
      element("dt", { text: cut(header.key, 200) }), element("dd", { class: "mono", text: cut(header.value ?? "none", 1000) }),
    ])));
  }
  const text = pretty(message.value ?? "");
  parts.push(element("pre", { text: cut(text, shownMax) }));
  const notes = [];
  if (message.valueEncoding === "base64") notes.push("not UTF-8: shown as base64");
  if (message.truncated) notes.push("cut by the server");
  if (text.length > shownMax) notes.push(`cut after ${count(shownMax)} characters`);
  if (notes.length) parts.push(element("p", { class: "empty", text: `${notes.join("; ")}.` }));
  return parts;
}

/** JSON on several lines; everything else as it is. */
function pretty(text) {
  if (!/^\s*[[{]/.test(text) || text.length > shownMax) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The form that produces one event; shown only where actions are allowed. */
export function makeProduce(topic) {
  const key = field("Key", { type: "text", maxlength: "1000" });
  const value = element("textarea", { rows: "6", maxlength: "65536", id: "produce-value" });
  const partition = field("Partition (empty: by key)", { type: "number", min: "0" });
  const note = element("p", { class: "empty", "aria-live": "polite" });
  const form = element("form", { class: "produce-form" }, key.label, element("label", { for: "produce-value", text: "Value" }), value, partition.label,
    element("div", {}, element("button", { class: "primary", text: "Produce" })), note);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = `One event is written to the topic “${cut(topic, 100)}” with acks=all. It stays there.`;
    if (!(await confirm({ title: "Produce an event?", text, button: "Produce" }))) return;
    const body = { key: key.input.value, value: value.value };
    if (partition.input.value !== "") body.partition = Number(partition.input.value);
    try {
      const written = await post(path("topics", topic, "messages"), body);
      setText(note, `Written to partition ${written.partition} at offset ${written.offset}.`);
    } catch (error) {
      setText(note, "");
      notice(`Not written: ${error.message}`);
    }
  });
  return { node: form };
}

function select(text, options) {
  const input = element("select", {}, ...options.map(([value, name]) => element("option", { value, text: name })));
  return { label: element("label", { class: "field" }, element("span", { text }), input), input };
}

function field(text, attributes) {
  const input = element("input", attributes);
  return { label: element("label", { class: "field" }, element("span", { text }), input), input };
}
