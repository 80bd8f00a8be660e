// One dialog for everything that wants a second thought. Closing it in any way but the button means no.

import { byId, element } from "./dom.js";

/** Asks; `true` when confirmed. `danger` colours the button, the words say what happens. */
export function confirm({ title, text, button, danger = false }) {
  const dialog = byId("dialog");
  return new Promise((resolve) => {
    const form = element("form", { method: "dialog" },
      element("h2", { id: "dialog-title", text: title }),
      element("p", { id: "dialog-text", text }),
      element("div", { class: "dialog-buttons" },
        element("button", { value: "no", autofocus: true, text: "Cancel" }),
        element("button", { value: "yes", class: danger ? "primary danger" : "primary", text: button })));
    dialog.replaceChildren(form);
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
