// <form data-confirm="question" [data-confirm-word="word"]>: ask in a dialog before it is sent.
import { element, on, word } from "./dom.js";

function ask(question, typed) {
  if (!window.HTMLDialogElement) return Promise.resolve(window.confirm(question)); // old WebViews
  const title = element("h2", { id: "confirm-title" }, word("confirmTitle"));
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "confirm-title" }, title, element("p", {}, question));
  const cancel = element("button", { type: "button", class: "btn btn-secondary" }, word("cancel"));
  const ok = element("button", { type: "button", class: "btn btn-primary" }, word("confirmOk"));
  if (typed) {
    const input = element("input", { class: "form-control", type: "text", id: "confirm-word", autocomplete: "off" });
    const label = element("label", { class: "field-label", for: "confirm-word" }, word("typeToConfirm").replace("{word}", typed));
    ok.disabled = true;
    input.addEventListener("input", () => { ok.disabled = input.value.trim() !== typed; });
    dialog.append(label, input);
  }
  dialog.append(element("div", { class: "dialog-actions" }, cancel, ok));
  document.body.append(dialog);
  return new Promise((answer) => {
    cancel.addEventListener("click", () => dialog.close());
    ok.addEventListener("click", () => dialog.close("ok"));
    dialog.addEventListener("close", () => { dialog.remove(); answer(dialog.returnValue === "ok"); });
    dialog.showModal();
    (typed ? dialog.querySelector("input") : cancel).focus();
  });
}

export function start() {
  // Capturing, so that the question comes before the button turns into a spinner.
  on("submit", "form[data-confirm]", async (event, form) => {
    if (form.dataset.confirmed) { delete form.dataset.confirmed; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    if (!await ask(form.dataset.confirm, form.dataset.confirmWord)) return;
    form.dataset.confirmed = "1";
    if (form.requestSubmit) form.requestSubmit(submitter || undefined);
    else form.submit();
  }, true);
}
