// Reading a topic's messages, and producing one. Keys, values and headers are hostile input: they become text.

import { get, path, post } from "./api.js";
import { confirm } from "./dialog.js";
import { element, notice, setHidden, setText } from "./dom.js";
import { count, cut, dateAndClock, plural } from "./format.js";

const previewMax = 160;
const indentMax = 50; // levels
const shownMax = 100_000; // characters of one value
const rowsMax = 2000; // of one search that goes further and further back
const olderMax = 500; // partitions that fit into one question

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
  const back = element("button", { type: "button", class: "small", text: "Look further back", hidden: true });
  const list = element("div", { class: "scroll limited", tabindex: "0", role: "region", "aria-label": "Messages" });
  const form = element("form", { class: "message-form" }, from.label, partition.label, offset.label, time.label, key.label, value.label, limit.label,
    element("button", { class: "primary", text: "Read" }));
  const adapt = () => {
    setHidden(offset.label, from.input.value !== "offset");
    setHidden(time.label, from.input.value !== "time");
  };
  from.input.addEventListener("change", adapt);
  adapt();

  let asked;
  let search; // what the rows are of: the query, what was found and looked at for it, and where it can go on
  const read = () => ask({ words: query(), found: 0, scanned: 0, older: [] });

  async function ask(mine) {
    asked?.abort();
    const request = new AbortController();
    asked = request;
    const isFirst = mine !== search;
    setText(note, "Reading…");
    try {
      const answer = await get(`${path("topics", topic, "messages")}?${mine.words}`, request.signal);
      const more = answer.messages.slice(0, 500).flatMap(messageRows);
      if (isFirst) rows.replaceChildren(...more);
      else rows.append(...more);
      search = mine;
      mine.found += answer.messages.length;
      mine.scanned += answer.scanned ?? 0;
      mine.older = answer.older ?? [];
      setText(note, said(mine, answer.complete !== false));
    } catch (error) {
      if (request.signal.aborted) return;
      if (isFirst) {
        rows.replaceChildren();
        search = undefined;
      }
      setText(note, `Not read: ${error.message}`);
    }
    const mayGoOn = canGoOn(search);
    // The keyboard's place does not go away with the button.
    if (!mayGoOn && document.activeElement === back) list.focus();
    setHidden(back, !mayGoOn);
  }

  /** The same search, from where it stopped. */
  back.addEventListener("click", () => {
    search.words.delete("partition");
    search.words.set("before", search.older.map((place) => `${place.partition}:${place.before}`).join(","));
    ask(search);
  });

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
  list.append(element("table", { class: "messages" }, element("thead", {}, head), rows));
  const node = element("div", {}, form, note, list, back);
  return {
    node, read,
    partitions(number) {
      for (let id = 0; id < Math.min(number, 2000); id += 1) partition.input.append(element("option", { value: String(id), text: String(id) }));
    },
  };
}

const canGoOn = (search) => search !== undefined && search.older.length > 0 && search.older.length <= olderMax && search.found < rowsMax;

function said(search, isComplete) {
  const found = search.found === 0 ? "No message" : plural(search.found, "message");
  return `${found}; ${count(search.scanned)} looked at${isComplete ? "" : missed(search)}.`;
}

function missed(search) {
  if (search.words.get("from") !== "newest") return "; there is more than was looked at: narrow the search";
  if (search.older.length === 0) return "; not every partition could be looked at";
  return canGoOn(search) ? "; there are older ones that were not looked at" : "; there are older ones that were not looked at: narrow the search";
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

/** JSON on several lines; everything else as it is. Only the space between tokens is made anew: a number of many digits,
    a key that is there twice and "1.0" stay what somebody wrote. */
export function pretty(text) {
  if (!/^\s*[[{]/.test(text) || text.length > shownMax) return text;
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:,]|[^\s"[\]{}:,]+/g);
  let out = "";
  let depth = 0;
  const newLine = () => `\n${"  ".repeat(Math.min(depth, indentMax))}`;
  for (const [index, token] of tokens.entries()) {
    // The rest would be cut anyway; deep nesting makes much out of little.
    if (out.length > shownMax) break;
    const isClosing = token === "}" || token === "]";
    const wasOpening = tokens[index - 1] === "{" || tokens[index - 1] === "[";
    if (isClosing) depth -= 1;
    if (isClosing !== wasOpening) out += newLine();
    out += token;
    if (token === "{" || token === "[") depth += 1;
    else if (token === ",") out += newLine();
    else if (token === ":") out += " ";
  }
  return out;
}

/** The form that produces one event; shown only where actions are allowed. */
export function makeProduce(topic) {
  const key = field("Key (empty: null)", { type: "text", maxlength: "1000" });
  const value = element("textarea", { rows: "6", maxlength: "65536", id: "produce-value" });
  const partition = field("Partition (empty: by key)", { type: "number", min: "0" });
  const note = element("p", { class: "empty", "aria-live": "polite" });
  const form = element("form", { class: "produce-form" }, key.label, element("label", { for: "produce-value", text: "Value" }), value, partition.label,
    element("div", {}, element("button", { class: "primary", text: "Produce" })), note);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = `One event is written to the topic “${cut(topic, 100)}” with acks=all. It stays there.`;
    if (!(await confirm({ title: "Produce an event?", text, button: "Produce" }))) return;
    const body = { value: value.value };
    if (key.input.value !== "") body.key = key.input.value;
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
