// Single keys, and the dialog that lists them (WCAG 2.1.4: they can be switched off; never while
// somebody types). A page names them: `data-key` on a button presses it, on a label leads to its
// field. A script that does more with them puts its own `press` in the place of that.
"use strict";
const keyboard = (() => {
  const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  const PRESSED = "palabre-key";
  const TWICE_MS = 500;
  const help = document.getElementById("keys");

  // The page goes with what is sent first; it may come back as it was.
  let goes = false;
  document.addEventListener("submit", (event) => (goes ||= !event.defaultPrevented));
  addEventListener("pageshow", () => (goes = false));

  function press(key) {
    const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!named) return false;
    // What is written elsewhere on the page would be lost with it.
    const isDraft = (text) => text.form !== named.form && text.value !== text.defaultValue;
    const field = named.control ?? [...document.querySelectorAll("textarea")].find(isDraft);
    if (field) field.focus();
    else if (!goes) {
      sessionStorage.setItem(PRESSED, key);
      named.click();
    }
    return true;
  }

  // The second stroke of a double one may come upon the page that the first has led to.
  let last = sessionStorage.getItem(PRESSED);
  sessionStorage.removeItem(PRESSED);
  setTimeout(() => (last = null), TWICE_MS);

  const hooks = { FIELD, press };
  if (help) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.target.closest(FIELD)) return;
      // A key that is held down moves on, but decides once.
      if (event.repeat && event.key !== "j" && event.key !== "k") return;
      if (event.key === "?") help.open ? help.close() : help.showModal();
      else if (help.open || event.key === last || !hooks.press(event.key)) return;
      event.preventDefault();
    });
    document.getElementById("show-keys").addEventListener("click", () => help.showModal());
    help.querySelector("button").addEventListener("click", () => help.close());
  }
  return hooks;
})();
