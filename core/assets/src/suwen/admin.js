// The back office: select all rows, list keys j / k / x / Enter, side menu folded on small screens.
import { all, each, on, word } from "./dom.js";

const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");

function startSelection(table) {
  const boss = table.querySelector("[data-select-all]");
  const boxes = () => all("tbody input[type=checkbox]", table);
  const form = table.closest("form") || document;
  const refresh = () => {
    const chosen = boxes().filter((box) => box.checked);
    boss.checked = chosen.length > 0 && chosen.length === boxes().length;
    boss.indeterminate = chosen.length > 0 && !boss.checked;
    boxes().forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    all("[data-bulk]", form).forEach((bar) => { bar.hidden = !chosen.length; });
    all("[data-selected-count]", form).forEach((place) => { place.textContent = word("selected").replace("{n}", String(chosen.length)); });
  };
  boss.addEventListener("change", () => { boxes().forEach((box) => { box.checked = boss.checked; }); refresh(); });
  table.addEventListener("change", refresh);
  refresh();
}

function moveTo(rows, index) {
  rows.forEach((row, number) => row.classList.toggle("is-current", number === index));
  rows[index].scrollIntoView({ block: "nearest" });
  const link = rows[index].querySelector("a[href]");
  if (link) link.focus({ preventScroll: true });
}

function listKeys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const rows = all("table[data-rows] tbody tr");
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("is-current"));
  if (event.key === "j") moveTo(rows, Math.min(rows.length - 1, now + 1));
  else if (event.key === "k") moveTo(rows, Math.max(0, now - 1));
  else if (event.key === "x" && now >= 0) {
    const box = rows[now].querySelector("input[type=checkbox]");
    if (box) box.click();
  }
}

const narrow = window.matchMedia("(max-width: 991.98px)");
each("[data-admin-side]", (side) => {
  const fit = () => { side.open = !narrow.matches; };
  narrow.addEventListener("change", fit);
  fit();
});
each("table[data-rows]", (table) => { if (table.querySelector("[data-select-all]")) startSelection(table); });
document.addEventListener("keydown", listKeys);
on("click", "[data-row-href]", (event, row) => {
  if (!event.target.closest("a, button, input, label")) window.location.assign(row.dataset.rowHref);
});
