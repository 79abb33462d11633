// Lets the others see what is looked at here, for as long as it is: the comment whose page this is,
// or the one that `at` names. A script that is late or away only makes it last two minutes too long.
"use strict";
window.looking = (() => {
  // Whoever only passes by looks at nothing.
  const RESTS_MS = 2000;
  // What is said lasts two minutes.
  const AGAIN_MS = 60_000;
  // Nobody is there any more, or will mind; and a session may not be kept alive by a script.
  const IDLE_MS = 600_000;
  const form = document.getElementById("desk");
  // The page itself has said it when it was asked for.
  let said = document.querySelector("[data-looked-at]")?.dataset.lookedAt ?? null;
  let here = said;
  let acted = Date.now();
  let timer;

  const isIdle = () => Date.now() - acted >= IDLE_MS;

  function send(verb) {
    const path = form.action.replace(/decide$/, `comments/${said}/${verb}`);
    const body = new URLSearchParams({ csrf: form.elements.csrf.value });
    fetch(path, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  function wait(ms) {
    clearTimeout(timer);
    timer = setTimeout(say, ms);
  }

  function say() {
    if (!here || document.hidden) return;
    if (isIdle()) {
      leave();
      return;
    }
    if (isOutOfSight()) {
      if (said) leave();
      wait(AGAIN_MS);
      return;
    }
    said = here;
    send("look");
    wait(AGAIN_MS);
  }

  // Whoever works by pointer leaves the cursor where it was.
  function isOutOfSight() {
    const box = document.getElementById(`c-${here}`)?.getBoundingClientRect();
    return box !== undefined && (box.bottom < 0 || box.top > innerHeight);
  }

  function leave() {
    clearTimeout(timer);
    if (said) send("leave");
    said = null;
  }

  // *works*: something is begun there, which is no passing by.
  function at(id, works = false) {
    if (id !== here) {
      leave();
      here = id;
      wait(RESTS_MS);
    }
    if (works && here !== said) say();
  }

  function act() {
    const wasIdle = isIdle();
    acted = Date.now();
    if (wasIdle) wait(RESTS_MS);
  }
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    addEventListener(kind, act, { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : wait(RESTS_MS)));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && wait(RESTS_MS));

  // The page before this one may have been the same, and is left only after this one was asked for.
  wait(RESTS_MS);
  return { at };
})();
