// Copy, show password, stepper, print, menus, focus on errors, failed pictures.
import { all, each, on, word } from "./dom.js";

async function copy(button) {
  let said = "copied";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch (refused) { // WeChat and plain HTTP have no clipboard: the text stays there to be selected
    said = "copyFailed";
  }
  const label = button.lastChild;
  const before = label.textContent;
  label.textContent = word(said);
  setTimeout(() => { label.textContent = before; }, 2000);
}

function togglePassword(button) {
  const input = document.getElementById(button.dataset.passwordToggle);
  const show = input.type === "password";
  input.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
  button.setAttribute("aria-label", word(show ? "hide" : "show"));
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, show ? "#eye-slash" : "#eye"));
}

function startStepper(box) {
  const input = box.querySelector("input");
  const buttons = all("[data-step]", box);
  const bound = (name, otherwise) => (input[name] === "" ? otherwise : Number(input[name]));
  const refresh = () => buttons.forEach((button) => {
    const next = Number(input.value) + Number(button.dataset.step);
    button.disabled = next < bound("min", -Infinity) || next > bound("max", Infinity);
  });
  buttons.forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      input.value = String(Number(input.value || 0) + Number(button.dataset.step));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });
  input.addEventListener("change", refresh);
  refresh();
}

function startMenus() {
  const close = (except) => all("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

// The chosen SKU decides the price shown and how many can be taken.
function startBuy(form) {
  const quantity = form.querySelector("input[name=quantity]");
  const show = (sku) => {
    all("[data-sku-price]").forEach((place) => {
      place.querySelector(".price").textContent = sku.dataset.price;
      const was = place.querySelector(".price-was");
      if (was) { was.hidden = !sku.dataset.was; was.lastChild.textContent = sku.dataset.was; }
    });
    if (!quantity) return;
    quantity.max = sku.dataset.left || "99";
    quantity.value = String(Math.min(Number(quantity.value), Number(quantity.max)));
    quantity.dispatchEvent(new Event("change", { bubbles: true }));
  };
  form.addEventListener("change", (event) => { if (event.target.name === "sku") show(event.target); });
  const chosen = form.querySelector("input[name=sku]:checked");
  if (chosen) show(chosen);
}

export function start() {
  each("[data-copy], [data-password-toggle], [data-print]", (button) => { button.hidden = false; });
  on("click", "[data-copy]", (event, button) => copy(button));
  on("click", "[data-password-toggle]", (event, button) => togglePassword(button));
  on("click", "[data-print]", () => window.print());
  on("change", "[data-submit-on-change]", (event, field) => field.form.requestSubmit());
  each("[data-stepper]", startStepper);
  each("form[data-buy]", startBuy);
  each("[data-focus]", (found) => found.focus());
  // A link in the error summary leads into the field, also into a group of choices.
  on("click", ".error-summary a", (event, link) => {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    const field = target.matches("fieldset") ? target.querySelector("input") || target : target;
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
  startMenus();
}
