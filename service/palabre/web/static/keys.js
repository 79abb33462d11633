// Single keys, and the dialog that lists them (WCAG 2.1.4: they can be switched off; never while
// somebody types). A page names them by `data-key`: on a button that it is pressed, on a label that
// its field is gone to. A script that does more with them puts its own `press` in place of ours, and
// with it whatever it does against deciding twice.
"use strict";
window.keyboard = (() => {
  const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  const PRESSED = "palabre-pressed";
  const TWICE_MS = 500;
  const LEAVING_MS = 3000;
  const help = document.getElementById("keys");

  // The page goes with what is sent first. It may come back as it was, or never have gone.
  let goes = false;
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    goes = true;
    setTimeout(() => (goes = false), LEAVING_MS);
  });
  addEventListener("pageshow", () => (goes = false));

  // What would be lost with the page: what is written in another form than the one that is sent,
  // and what the page itself hands back.
  function draft(form) {
    const isDraft = (field) =>
      field.form !== form && (field.closest("[data-kept]") || field.value !== field.defaultValue);
    return [...document.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox])")].find(isDraft);
  }

  function click(button) {
    const field = draft(button.form);
    if (field) {
      field.closest("details")?.setAttribute("open", "");
      field.focus();
    } else if (!goes) {
      remember();
      button.click();
    }
  }

  function press(key) {
    const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!named) return false;
    if (named.control) named.control.focus();
    else click(named);
    return true;
  }

  // The second stroke of a double one comes upon the page that the first has led to, where nobody
  // has read anything yet. What cannot be remembered is done without.
  function remember() {
    try {
      sessionStorage.setItem(PRESSED, Date.now());
    } catch {}
  }
  function remembered() {
    try {
      const at = Number(sessionStorage.getItem(PRESSED));
      sessionStorage.removeItem(PRESSED);
      return Date.now() - at < LEAVING_MS;
    } catch {
      return false;
    }
  }
  let tooSoon = remembered();
  setTimeout(() => (tooSoon = false), TWICE_MS);

  const hooks = { press };
  if (help) {
    document.addEventListener("keydown", (event) => {
      const { key, target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      // A key that is held down moves on, but decides once.
      if (event.repeat && key !== "j" && key !== "k") return;
      // As in the queue, Enter on the reason refuses.
      if (key === "Enter" && target.dataset.sends) click(document.getElementById(target.dataset.sends));
      else if (target.closest(FIELD)) return;
      else if (key === "?") help.open ? help.close() : help.showModal();
      else if (help.open || (tooSoon && /^[asrhd]$/.test(key)) || !hooks.press(key)) return;
      event.preventDefault();
    });
    document.getElementById("show-keys").addEventListener("click", () => help.showModal());
    help.querySelector("button").addEventListener("click", () => help.close());
  }
  return hooks;
})();
