// A sent form cannot be sent twice: its button spins until the next page is there.
import { all, element, on, word } from "./dom.js";

function release(form) {
  all("[aria-busy=true]", form).forEach((button) => {
    button.removeAttribute("aria-busy");
    const spinner = button.querySelector(".spinner");
    if (spinner) spinner.remove();
  });
  delete form.dataset.sent;
}

export function start() {
  on("submit", "form", (event, form) => {
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (!button || !button.classList.contains("btn")) return;
    button.setAttribute("aria-busy", "true");
    button.prepend(element("span", { class: "spinner", role: "status", "aria-label": word("working") }));
  });
  // The back button brings a page from the cache as it was left.
  window.addEventListener("pageshow", (event) => { if (event.persisted) all("form[data-sent]").forEach(release); });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) release(form);
  });
}
