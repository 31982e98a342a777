// Small helpers shared by the modules. No globals, no state.
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A word for the visitor, in their language: they stand in partials/script_texts.jinja2.
export const word = (name) => {
  const texts = document.getElementById("script-texts");
  return (texts && texts.dataset[name]) || "";
};

// One listener for all present and future elements, so that swapped-in parts work at once.
export const on = (event, selector, handle, options) =>
  document.addEventListener(event, (happened) => {
    const target = happened.target instanceof Element && happened.target.closest(selector);
    if (target) handle(happened, target);
  }, options);

export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

// Run for what is on the page now and for every part that htmx swaps in later.
export const each = (selector, start) => {
  const run = (root) => all(selector, root).concat(root.matches && root.matches(selector) ? [root] : [])
    .forEach((found) => {
      if (found.dataset.started) return;
      found.dataset.started = "1";
      start(found);
    });
  run(document);
  document.addEventListener("htmx:load", (event) => run(event.detail.elt));
};

export const csrfToken = () => {
  const field = document.querySelector("input[name=csrf_token]");
  return field ? field.value : "";
};
