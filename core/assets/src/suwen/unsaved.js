// <form data-unsaved>: warn before leaving with changes, and say so in the save bar.
import { each } from "./dom.js";

export function start() {
  each("form[data-unsaved]", (form) => {
    let changed = false;
    const text = form.querySelector("[data-unsaved-text]");
    const mark = (state) => {
      changed = state;
      if (text) text.hidden = !state;
    };
    form.addEventListener("input", () => mark(true));
    form.addEventListener("submit", () => mark(false));
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  });
}
