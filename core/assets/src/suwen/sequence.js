// A list of fields that can grow: [data-sequence] with its items and a <template> of an empty one.
import { all, each, on } from "./dom.js";

let added = 0;

export function start() {
  each("[data-sequence-add], [data-sequence-remove]", (button) => { button.hidden = false; });
  on("click", "[data-sequence-add]", (event, button) => {
    const list = button.closest("[data-sequence]");
    const item = list.querySelector("[data-sequence-blank]").content.firstElementChild.cloneNode(true);
    added += 1;
    // Every copy of the blank item needs ids of its own, and what points to them.
    for (const name of ["id", "for", "aria-describedby"]) {
      all(`[${name}]`, item).forEach((found) => found.setAttribute(name, `${found.getAttribute(name)}-${added}`));
    }
    all("button[hidden]", item).forEach((hidden) => { hidden.hidden = false; });
    list.querySelector("[data-sequence-items]").append(item);
    const field = item.querySelector("input, select, textarea");
    if (field) field.focus();
  });
  on("click", "[data-sequence-remove]", (event, button) => {
    const form = button.form;
    button.closest("[data-sequence-item]").remove();
    if (form) form.dispatchEvent(new Event("input"));
  });
}
