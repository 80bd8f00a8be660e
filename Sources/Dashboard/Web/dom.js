// Making and changing elements. Everything that comes from outside goes through textContent or setAttribute of a
// harmless attribute: there is no way here to write markup, so a hostile name stays a name.

const svgNamespace = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; a string child becomes text. */
export function element(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

export function icon(name, title) {
  const picture = svg("svg", { class: "icon", ...(title ? { role: "img", "aria-label": title } : { "aria-hidden": "true" }) });
  picture.append(svg("use", { href: `#icon-${name}` }));
  return picture;
}

/** Sets text only when it differs, so that an update of nothing costs nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === undefined || value === null) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/**
 * Keeps the children of `parent` in step with `items`: one child per key, made once by `create`, brought up to date
 * by `update(child, item)`, moved only when the order changed, removed when its item is gone.
 */
export function keep(parent, items, keyOf, create, update) {
  const known = parent.kept ?? (parent.kept = new Map());
  const seen = new Set();
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    if (seen.has(key)) continue;
    seen.add(key);
    let child = known.get(key);
    if (!child) {
      child = create(item);
      known.set(key, child);
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    update?.(child, item);
  }
  for (const [key, child] of known) {
    if (seen.has(key)) continue;
    const neighbour = child.contains(document.activeElement) ? child.nextElementSibling ?? child.previousElementSibling : undefined;
    child.remove();
    known.delete(key);
    if (neighbour !== undefined) focusWithin(neighbour ?? parent);
  }
}

/** For a keyboard whose place went away: the nearest that can be focused, else the section's heading. */
export function focusWithin(node) {
  const place = [...node.querySelectorAll("button, a[href], input, select, [tabindex='0']")].find((one) => one.checkVisibility());
  if (place) return place.focus();
  const heading = node.closest("section")?.querySelector("h2");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
}

/** A row whose cells are named: `row.named.lag` is the cell made for the column `lag`. */
export function tableRow(columns, header) {
  const row = element("tr");
  row.named = {};
  for (const column of columns) {
    const cell = element(column.name === header ? "th" : "td", {
      class: column.class, ...(column.name === header ? { scope: "row" } : {}),
    });
    row.named[column.name] = cell;
    row.append(cell);
  }
  return row;
}

/** `width`: in digits, what the column has at least, so that figures that change do not move their neighbours. */
export function tableHead(row, columns) {
  for (const column of columns) {
    const head = element("th", { scope: "col", class: column.class?.replace("name", "").trim() || undefined, title: column.title, text: column.label });
    if (column.width) head.style.minWidth = `calc(${column.width}ch + 0.8rem)`;
    row.append(head);
  }
}

/** A word in a coloured capsule with a shape before it; `tone` is good, warn, bad or nothing. */
export function setPill(node, tone, iconName, word) {
  const state = `${tone}|${iconName}|${word}`;
  if (node.pillState === state) return;
  node.pillState = state;
  node.className = "pill";
  setAttribute(node, "data-tone", tone);
  node.replaceChildren(...(iconName ? [icon(iconName)] : []), word);
}

/** Text in which `…` marks what is to be typed. */
export function setTextWithCode(node, text) {
  if (node.shownText === text) return;
  node.shownText = text;
  node.replaceChildren(...text.split("`").map((part, index) => (index % 2 ? element("code", { text: part }) : part)));
}

/** Puts a person's text on the clipboard; says whether that worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

let noticeTimer;
/** A sentence at the edge of the page for some seconds, read out once. */
export function notice(text) {
  const node = byId("notice");
  node.textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => node.replaceChildren(), 6000);
}
