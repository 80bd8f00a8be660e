// Light, dark, or as the system has it. The choice is kept in this browser.

import { byId, icon } from "./dom.js";

const choices = ["system", "light", "dark"];
const icons = { system: "system", light: "sun", dark: "moon" };
const key = "streamsocial-theme";

/** `changed` is called after the colours changed, for what is drawn rather than styled. */
export function startTheme(changed) {
  const button = byId("theme");
  let choice = choices.includes(stored()) ? stored() : "system";
  const apply = () => {
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.replaceChildren(icon(icons[choice]));
    button.setAttribute("aria-label", `Colours: ${choice}. Change`);
    button.title = `Colours: ${choice}`;
    changed();
  };
  button.addEventListener("click", () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    try {
      localStorage.setItem(key, choice);
    } catch {
      // A browser that keeps nothing: the choice lasts as long as the page.
    }
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  apply();
}

function stored() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

const names = [
  "surface", "sunken", "line", "line-strong", "text", "muted", "accent", "good", "warn", "bad", "idle", "focus",
  "verdict-healthy", "verdict-degraded", "verdict-unavailable", "verdict-unknown",
  "chart-in", "chart-out", "chart-p50", "chart-p99", "chart-max", "chart-error", "chart-lag", "chart-grid",
  "role-leader", "role-follower", "role-observer", "role-offline",
];

// As colours rather than text, they are read as what light-dark() makes of them.
for (const name of names) {
  CSS.registerProperty({ name: `--${name}`, syntax: "<color>", inherits: true, initialValue: "#808080" });
}

/** The palette's present colours by name, for canvases. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** How much larger than usual the page's type is (on a wall screen), so that canvases grow with it. */
export const rootScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
