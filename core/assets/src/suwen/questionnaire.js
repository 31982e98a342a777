// <form data-questionnaire data-save-url="…">: one question per screen, every answer saved at once.
// Without this script it is one long form with a button at its end. Questions are <fieldset class="question">;
// [data-progress] holds a <progress> and [data-progress-text]; [data-save-state] says what was saved.
import { all, csrfToken, each, element, word } from "./dom.js";

const RETRY = 5000;

// Answers wait in a queue: the newest per question is sent, in order, and again after a failure.
function autosave(form) {
  const state = form.querySelector("[data-save-state]");
  const waiting = new Map();
  let running = false;
  const say = (name) => { if (state) state.textContent = word(name); };
  const send = async () => {
    if (running || !waiting.size) return;
    running = true;
    const [name, value] = waiting.entries().next().value;
    say("saving");
    try {
      const body = new URLSearchParams({ item: name, value });
      const answer = await fetch(form.dataset.saveUrl, {
        method: "POST", body, credentials: "same-origin", keepalive: true, headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      if (waiting.get(name) === value) waiting.delete(name);
      running = false;
      if (waiting.size) send(); else say("saved");
    } catch (failed) {
      running = false;
      say("saveFailed");
      setTimeout(send, RETRY);
    }
  };
  window.addEventListener("online", send);
  return (name, value) => { waiting.set(name, value); send(); };
}

const answered = (question) => all("input, select, textarea", question)
  .some((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : field.value.trim() !== ""));

function pager(form, questions) {
  const previous = element("button", { type: "button", class: "btn btn-secondary" }, word("previous"));
  const next = element("button", { type: "button", class: "btn btn-primary" }, word("next"));
  const hint = element("p", { class: "field-error", role: "alert" });
  const submit = all("[type=submit]", form).pop();
  submit.before(previous, next);
  submit.parentElement.before(hint);
  let index = Math.max(0, questions.findIndex((question) => !answered(question)));
  if (questions.every(answered)) index = questions.length - 1;
  const show = (to, focus = true) => {
    index = to;
    hint.textContent = "";
    questions.forEach((question, number) => { question.hidden = number !== index; });
    previous.disabled = index === 0;
    const last = index === questions.length - 1;
    next.hidden = last;
    submit.hidden = !last;
    if (!focus) return;
    const legend = questions[index].querySelector("legend");
    legend.tabIndex = -1;
    legend.focus({ preventScroll: true });
    form.scrollIntoView({ block: "start" });
  };
  const forward = () => {
    if (questions[index].dataset.optional === undefined && !answered(questions[index])) hint.textContent = word("choose");
    else if (index < questions.length - 1) show(index + 1);
  };
  previous.addEventListener("click", () => show(index - 1));
  next.addEventListener("click", forward);
  form.addEventListener("submit", (event) => {
    const open = questions.findIndex((question) => question.dataset.optional === undefined && !answered(question));
    if (open < 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show(open);
    hint.textContent = word("choose");
  }, true);
  show(index, false);
  // A second tap while the page turns must not turn two.
  return (question) => { if (questions[index] === question) forward(); };
}

function startQuestionnaire(form) {
  const questions = all("fieldset.question", form);
  if (!questions.length) return;
  const save = form.dataset.saveUrl ? autosave(form) : () => {};
  const bar = form.querySelector("[data-progress] progress");
  const text = form.querySelector("[data-progress-text]");
  const count = () => {
    const done = questions.filter(answered).length;
    if (bar) { bar.max = questions.length; bar.value = done; }
    if (text) text.textContent = `${done}/${questions.length}`;
  };
  form.noValidate = true; // a hidden required field would block the form without a word
  form.classList.add("one-by-one");
  const forward = pager(form, questions);
  let byPointer = false;
  form.addEventListener("pointerdown", () => { byPointer = true; });
  form.addEventListener("keydown", () => { byPointer = false; });
  form.addEventListener("change", (event) => {
    const { name, type, checked, value } = event.target;
    save(name, type === "checkbox" && !checked ? "" : value);
    count();
    // A tap answers and turns the page; arrow keys only move between the answers.
    const question = event.target.closest("fieldset.question");
    if (type === "radio" && byPointer) setTimeout(() => forward(question), 200);
  });
  count();
}

export function start() {
  each("form[data-questionnaire]", startQuestionnaire);
}
