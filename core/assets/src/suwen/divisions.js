// <fieldset data-divisions="url of all names by code">: the three selects follow one another at once, and the
// search is a combobox. Without this script the buttons of the form do the same by asking the server.
import { all, each, element } from "./dom.js";

const SIZES = [2, 4, 6];
const MOST = 20;
const PLAIN = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];
const loads = new Map();

function load(url) {
  if (!loads.has(url)) {
    const asked = fetch(url, { credentials: "same-origin" }).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
    asked.catch(() => loads.delete(url)); // the network may come back
    loads.set(url, asked);
  }
  return loads.get(url);
}

const fullName = (names, code) => SIZES.filter((size) => size <= code.length)
  .map((size) => names[code.slice(0, size)] || "").filter((name) => !PLAIN.includes(name)).join("");

function children(names, above) {
  const size = above.length + 2;
  return Object.keys(names).filter((code) => code.length === size && code.startsWith(above)).sort();
}

// The same order as the server's: names that begin with the word, then the higher levels.
function search(names, text) {
  const words = text.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const last = words[words.length - 1];
  const fits = /^[0-9]+$/.test(last)
    ? (code) => code.startsWith(last)
    : (code) => names[code].includes(last) && words.every((word) => fullName(names, code).includes(word));
  const rank = (code) => `${names[code].startsWith(last) ? 0 : 1}${code.length}${code}`;
  const finest = new Map(); // of two with one name, such as a city without counties
  Object.keys(names).filter(fits).sort((one, other) => (rank(one) < rank(other) ? -1 : 1))
    .forEach((code) => finest.set(fullName(names, code), code));
  return [...finest.values()].slice(0, MOST);
}

function fill(select, names, above, required) {
  const codes = above === null ? [] : children(names, above);
  const empty = select.options[0];
  select.replaceChildren(empty, ...codes.map((code) => element("option", { value: code }, names[code])));
  select.value = codes.length === 1 && above ? codes[0] : "";
  select.disabled = !codes.length;
  select.required = required && codes.length > 0;
}

function levels(box, names) {
  const selects = all("[data-division-level]", box);
  const required = Boolean(box.dataset.required);
  const after = (index) => {
    for (let next = index + 1; next < selects.length; next += 1) fill(selects[next], names, selects[next - 1].value || null, required);
  };
  selects.forEach((select, index) => {
    select.addEventListener("change", () => after(index));
    if (index && !select.value) fill(select, names, selects[index - 1].value || null, required);
  });
  return (code) => {
    selects.forEach((select, index) => {
      if (code.length < SIZES[index]) return;
      select.value = code.slice(0, SIZES[index]);
      after(index);
    });
    const open = selects.find((select) => !select.value && !select.disabled);
    (open || selects[selects.length - 1]).focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
}

function combobox(box, names, choose) {
  const input = box.querySelector("[data-division-q]");
  const list = box.querySelector("[role=listbox]");
  const status = box.querySelector("[data-division-status]");
  let current = -1;
  const options = () => all("[role=option]", list);
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) { current = -1; input.removeAttribute("aria-activedescendant"); }
  };
  const move = (to) => {
    const found = options();
    if (!found.length) return;
    current = (to + found.length) % found.length;
    found.forEach((option, index) => option.setAttribute("aria-selected", String(index === current)));
    input.setAttribute("aria-activedescendant", found[current].id);
    found[current].scrollIntoView({ block: "nearest" });
  };
  const take = (option) => {
    input.value = "";
    show(false);
    choose(option.dataset.code);
  };
  const look = () => {
    const text = input.value.trim();
    const codes = search(names, text);
    list.replaceChildren(...codes.map((code) => element("li",
      { role: "option", id: `${list.id}-${code}`, "aria-selected": "false", "data-code": code },
      element("span", {}, fullName(names, code)), element("small", {}, code))));
    status.textContent = !text ? "" : codes.length ? status.dataset.found.replace("{n}", String(codes.length)) : status.dataset.none;
    if (text && !codes.length) list.replaceChildren(element("li", { class: "division-none" }, status.dataset.none));
    show(Boolean(text));
    current = -1;
    input.removeAttribute("aria-activedescendant");
  };
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) input.setAttribute(name, value);
  input.removeAttribute("name"); // what was looked for is no part of the form
  input.addEventListener("input", (event) => { event.stopPropagation(); look(); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) look();
      move(event.key === "ArrowDown" ? current + 1 : current < 0 ? -1 : current - 1);
    } else if (event.key === "Enter") {
      event.preventDefault(); // never sends the form
      const found = options();
      if (!list.hidden && found.length) take(found[Math.max(0, current)]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // the browser would empty the field
      event.stopPropagation();
      show(false);
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  input.addEventListener("blur", () => show(false));
}

async function startDivisions(box) {
  let names;
  try {
    names = await load(box.dataset.divisions);
  } catch (failed) { return; } // the buttons stay
  all("[data-division-turn], .division-matches", box).forEach((part) => part.remove());
  combobox(box, names, levels(box, names));
  box.classList.add("is-live");
}

export function start() {
  each("[data-divisions]", startDivisions);
}
